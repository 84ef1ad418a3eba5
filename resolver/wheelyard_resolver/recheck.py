"""A second opinion on every answer, by code that shares nothing with the solver.

It reads the METADATA of each locked wheel again and walks from the requirement lines down, with packaging alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.errors import Undecided
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.proposal import LockedPackage
from wheelyard_resolver.target import Target

_EXTRA = re.compile(r"""\bextra\s*==\s*(?P<quote>['"])(?P<extra>[^'"]*)(?P=quote)""")
_OR = re.compile(r"\bor\b")


class RecheckFailed(Undecided):
    """An answer did not stand up to the second opinion: a defect of wheelyard, never shown as a verdict."""

    def __init__(self, *, problems: Sequence[str]) -> None:
        super().__init__(
            "the answer found does not hold when checked again: " + "; ".join(problems),
            hint="this is a defect of wheelyard: please report it with the snapshot (--snapshot FILE)",
        )
        self.problems = tuple(problems)


def recheck(index: Index, target: Target, lines: Iterable[RequirementLine], packages: Sequence[LockedPackage]) -> None:
    """Check that ``packages`` install on ``target`` and satisfy each line and each other, with nothing left over.

    Raises:
        RecheckFailed: naming everything that is wrong.
    """
    locked = {package.name: package for package in packages}
    contents = index.metadata([package.wheel for package in packages])
    metadata = {package.name: _headers(contents[package.wheel.url] or b"") for package in packages}
    problems = [] if len(locked) == len(packages) else ["a project is locked twice"]
    for package in packages:
        problems += _wheel_problems(package, metadata[package.name], target)
    reached, broken = _walk(target, lines, locked, metadata)
    problems += broken
    problems += [f"{name} is locked but nothing needs it" for name in sorted(set(locked) - reached)]
    if problems:
        raise RecheckFailed(problems=problems)


def _headers(content: bytes) -> RawMetadata:
    """The fields of a METADATA file; its description, after the first empty line, says nothing here."""
    return parse_email(content.replace(b"\r\n", b"\n").partition(b"\n\n")[0])[0]


def _wheel_problems(package: LockedPackage, metadata: RawMetadata, target: Target) -> list[str]:
    name, version, _, tags = parse_wheel_filename(package.wheel.filename)
    problems = []
    if (name, version) != (package.name, package.version):
        problems.append(f"{package.wheel.filename} is not {package.name} {package.version}")
    if not _is_of(package, metadata):
        problems.append(f"the METADATA of {package.wheel.filename} is that of another release")
    if not tags & target.tags.keys():
        problems.append(f"{package.wheel.filename} does not install on {target}")
    stated = {package.wheel.requires_python, metadata.get("requires_python")} - {None, ""}
    problems += [
        f"{package.name} {package.version} requires Python {needed}"
        for needed in sorted(needed for needed in stated if needed is not None)
        if not _admits_python(needed, target)
    ]
    return problems


def _is_of(package: LockedPackage, metadata: RawMetadata) -> bool:
    try:
        stated = canonicalize_name(metadata.get("name", "")), Version(metadata.get("version", ""))
    except InvalidVersion:
        return False
    return stated == (package.name, package.version)


def _admits_python(requires_python: str, target: Target) -> bool:
    try:
        return SpecifierSet(requires_python).contains(target.python, prereleases=True)
    except InvalidSpecifier:
        return True


def _walk(
    target: Target,
    lines: Iterable[RequirementLine],
    locked: Mapping[NormalizedName, LockedPackage],
    metadata: Mapping[NormalizedName, RawMetadata],
) -> tuple[set[NormalizedName], list[str]]:
    """The projects that lines reach, and the requirements on the way that the lock breaks."""
    reached: set[tuple[NormalizedName, str]] = set()
    problems: list[str] = []
    todo: list[tuple[str, Requirement]] = []
    for line in lines:
        if line.requirement.marker is None or line.requirement.marker.evaluate(dict(target.environment)):
            if line.model is not None:
                todo.append((line.model, line.requirement))
            elif line.project in locked:
                problems += _broken("the fleet", line.requirement, locked[line.project])
    while todo:
        source, requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name not in locked:
            problems.append(f"{source} needs {requirement}, which is not locked")
            continue
        problems += _broken(source, requirement, locked[name])
        offered = {canonicalize_name(extra) for extra in metadata[name].get("provides_extra", ())}
        for extra in ("", *sorted({canonicalize_name(extra) for extra in requirement.extras} & offered)):
            if (name, extra) not in reached:
                reached.add((name, extra))
                todo += [(name, needed) for needed in _dependencies(metadata[name], target, extra)]
    return {name for name, _ in reached}, problems


def _broken(source: str, requirement: Requirement, package: LockedPackage) -> list[str]:
    satisfied = requirement.specifier.contains(package.version, prereleases=True)
    if requirement.url is not None:
        satisfied = requirement.url.partition("#")[0] == package.wheel.url
    return [] if satisfied else [f"{source} needs {requirement}, but {package.name} {package.version} is locked"]


def _dependencies(metadata: RawMetadata, target: Target, extra: str) -> list[Requirement]:
    if extra and extra not in {str(canonicalize_name(name)) for name in metadata.get("provides_extra", ())}:
        return []  # pip warns of an extra that the wheel does not offer, and goes on
    requires = [Requirement(text) for text in metadata.get("requires_dist", ()) if _may_hold(text, extra)]
    environment = {**target.environment, "extra": extra}
    return [item for item in requires if item.marker is None or item.marker.evaluate(environment)]


def _may_hold(requirement: str, extra: str) -> bool:
    """False for a requirement that only holds with another extra: most are, and to read one whole takes long."""
    _, _, marker = requirement.partition(";")
    asked = None if _OR.search(marker) else _EXTRA.search(marker)
    return asked is None or canonicalize_name(asked["extra"]) == extra
