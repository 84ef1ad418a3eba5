"""What the API is asked to check, read and held against the rules; all that is wrong is said in one go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_registry.check_worker import Check
from wheelyard_registry.deployment_requests import PLACE
from wheelyard_registry.json_body import Fields
from wheelyard_resolver.applicant import Applicant, Project, Release, Requirements
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.levels import Level
from wheelyard_resolver.model import DEFAULT_SLOT
from wheelyard_resolver.question import Question
from wheelyard_resolver.requirement_lines import WrittenRequirement
from wheelyard_resolver.stated_fleet import pinned_version
from wheelyard_resolver.target import Target

MOST = 10_000
"""Requirements of one candidate."""

FIELDS = (
    *("stage", "slot", "python", "platform", "exclude_newer", "time_limit"),
    *("release", "name", "version", "requires", "extras", "provides_extra", "requires_python"),
    *("fail_on", "allow_unplaceable", "every_conflict"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A check, and the projects that it names: whoever asks must be allowed to read them."""

    check: Check
    projects: frozenset[NormalizedName]


def read_check(given: Mapping[str, object], now: dt.datetime) -> Asked:
    """The body of ``POST /api/v1/check``.

    Raises:
        InvalidField: something is missing, unknown or malformed.
    """
    fields = Fields(given, *FIELDS)
    stage, slot = (_place(fields, name) for name in ("stage", "slot"))
    python, platform = fields.text("python", longest=20), fields.text("platform", longest=80)
    if stage is None and python is None and platform is None:
        fields.problem("stage is missing, or python and platform")
    _require_target(fields, python, platform)
    applicant, projects = _applicant(fields)
    level = _level(fields)
    check = Check(
        question=Question(
            applicant=applicant,
            slot=slot or DEFAULT_SLOT,
            fail_on=level,
            allowed=fields.texts("allow_unplaceable") or (),
            every_conflict=fields.flag("every_conflict"),
        ),
        now=now,
        stage=stage,
        python=python,
        platform=platform,
        exclude_newer=fields.time("exclude_newer"),
        time_limit=fields.number("time_limit"),
    )
    fields.finish()
    return Asked(check, projects)


def _place(fields: Fields, name: str) -> str | None:
    text = fields.text(name)
    if text is not None and PLACE.fullmatch(text) is None:
        fields.problem(f"{name} {text!r} may hold letters, digits, dots, dashes and underscores, up to 80")
        return None
    return text


def _require_target(fields: Fields, python: str | None, platform: str | None) -> None:
    try:
        Target.parse(python or "3.11", platform or "win_amd64")
    except InputError as problem:
        fields.problem(f"the target is none: {problem}")


def _level(fields: Fields) -> Level:
    text, levels = fields.text("fail_on"), {level.value: level for level in Level}
    if text is not None and text not in levels:
        fields.problem(f"fail_on {text!r} is none of {', '.join(levels)}")
    return levels.get(text or "", Level.NEW_BASE)


# -- who asks to join -----------------------------------------------------------------------------------------------


def _applicant(fields: Fields) -> tuple[Applicant | None, frozenset[NormalizedName]]:
    release = fields.text("release")
    name, version = fields.text("name", longest=200), fields.text("version", longest=200)
    written = _written(fields)
    extras, offered = _extras(fields, "extras"), _extras(fields, "provides_extra")
    requires_python = _requires_python(fields)
    about_project = (name, version, extras, offered, requires_python)
    if release is not None:
        if written is not None or any(about_project):
            fields.problem("release stands beside fields of another candidate; it is one on its own")
        found = _release(fields, release)
        return found, frozenset() if found is None else frozenset({canonicalize_name(found.requirement.name)})
    if written is None:
        if any(about_project):
            fields.problem("requires is missing")
        return None, frozenset()
    projects = frozenset(canonicalize_name(line.requirement.name) for line in written)
    if name is None and version is None:
        if any(about_project):
            fields.problem("name and version are missing")
        return Requirements(written), projects
    project, number = _name(fields, name), _version(fields, version)
    return Project(project, number, written, offered, extras, requires_python), projects


def _release(fields: Fields, text: str) -> Release | None:
    requirement = _requirement(fields, "release", text)
    if requirement is not None and pinned_version(requirement) is None:
        fields.problem(f"release {text!r} is not of the form NAME==VERSION")
        return None
    return None if requirement is None else Release(requirement)


def _written(fields: Fields) -> tuple[WrittenRequirement, ...] | None:
    if not fields.has("requires"):
        return None
    found = []
    for entry in fields.objects("requires", "requirement", "origin", "extra", most=MOST):
        text = entry.text("requirement", required=True, longest=4000) or ""
        requirement = _requirement(entry, "requirement", text) if text else None
        extra = entry.text("extra", longest=200)
        if requirement is not None:
            under = None if extra is None else canonicalize_name(extra)
            found.append(WrittenRequirement(requirement, entry.text("origin"), under))
    return tuple(found)


def _requirement(fields: Fields, name: str, text: str) -> Requirement | None:
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError):
        fields.problem(f"{name} {text[:80]!r} is not a requirement")
        return None
    if requirement.url is not None:
        fields.problem(f"{name} {text[:80]!r} is a direct reference: only what this index has is looked into")
        return None
    return requirement


def _extras(fields: Fields, name: str) -> frozenset[NormalizedName]:
    return frozenset(canonicalize_name(text) for text in fields.texts(name) or ())


def _name(fields: Fields, text: str | None) -> NormalizedName:
    try:
        return canonicalize_name(text or "", validate=True)
    except InvalidName:
        fields.problem("name is missing" if text is None else f"name {text!r} is not a project name")
        return canonicalize_name("")


def _version(fields: Fields, text: str | None) -> Version:
    try:
        return Version(text or "")
    except InvalidVersion:
        fields.problem("version is missing" if text is None else f"version {text!r} is not a PEP 440 version")
        return Version("0")


def _requires_python(fields: Fields) -> SpecifierSet | None:
    text = fields.text("requires_python")
    try:
        return None if text is None else SpecifierSet(text)
    except InvalidSpecifier:
        fields.problem(f"requires_python {text!r} is not a specifier")
        return None
