"""A base of a proposal: does its lock install on its target, and is it what its models need, no less and no more?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from packaging.utils import NormalizedName, canonicalize_name

from wheelyard_resolver.target import Target
from wheelyard_resolver.verify.document import Table
from wheelyard_resolver.verify.evidence import RefutedEvidence
from wheelyard_resolver.verify.facts import Want, requirement_of
from wheelyard_resolver.verify.raw_facts import RawFacts, Release
from wheelyard_resolver.verify.statement import StatedFleet


@dataclass(frozen=True)
class Locked:
    """A locked package, looked up in its page. ``index`` is None for a direct reference."""

    release: Release
    position: int
    index: str | None


@dataclass(frozen=True)
class LockedBase:
    """A base with its packages as the raw pages have them, and what each depends on within the lock.

    ``since`` is the snapshot in which a lock that is kept was first found; None for that of the proposal.
    """

    name: str
    target: Target
    models: tuple[str, ...]
    packages: Mapping[NormalizedName, Locked]
    dependencies: Mapping[NormalizedName, frozenset[NormalizedName]]
    since: str | None = None

    @cached_property
    def names(self) -> tuple[NormalizedName, ...]:
        """The names of the packages, sorted."""
        return tuple(sorted(self.packages))


def read_base(table: Table, target: Target, fleet: StatedFleet, facts: RawFacts) -> tuple[LockedBase, list[str]]:
    """A base of ``proposal.json`` as far as the pages confirm it, and everything that is wrong with it, in words."""
    name, models = table.text("name"), table.texts("models")
    packages: dict[NormalizedName, Locked] = {}
    problems: list[str] = []
    for item in table.tables("packages"):
        project = canonicalize_name(item.text("name"))
        if project != item.text("name") or project in packages:
            problems.append(f"{item.text('name')} is locked twice, or its name is not normalised")
            continue
        try:
            packages[project], wrong = _confirmed(project, item, facts)
            problems += wrong
        except RefutedEvidence as problem:
            problems.append(str(problem))
    if tuple(packages) != tuple(sorted(packages)) or models != tuple(sorted(models)):
        problems.append("its models or its packages are not in order")
    revision, size = table.text("revision"), table.number("bytes")
    if not problems:  # else both are of no meaning
        problems += _summary_problems(revision, size, target, packages)
    walk = _Walk(target, packages, facts)
    try:
        walk.fleet(fleet, models)
        walk.to_the_end()
    except RefutedEvidence as problem:
        walk.problems.append(str(problem))
    dependencies = {project: frozenset(walk.needed.get(project, ())) - {project} for project in packages}
    problems += walk.problems
    problems += [f"{project} is locked, but nothing needs it" for project in packages if project not in walk.reached]
    since = table.text("since") if table.has("since") else None
    return LockedBase(name, target, models, packages, dependencies, since), [f"{name}: {text}" for text in problems]


def _summary_problems(revision: str, size: int, target: Target, packages: Mapping[NormalizedName, Locked]) -> list[str]:
    """What is wrong with the hash and the size of a lock: what it installs where, and the bytes of its wheels."""
    releases = [(project, packages[project].release) for project in sorted(packages)]
    wheels = [
        [project, str(release.version), release.wheel.sha256 or release.wheel.url] for project, release in releases
    ]
    content = json.dumps([str(target), wheels], separators=(",", ":"))
    found = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
    total = sum(release.wheel.size or 0 for _, release in releases)
    problems = [] if revision == found else [f"its revision is {found}, not {revision}"]
    return problems if size == total else [*problems, f"it has {total} bytes of wheels, not {size}"]


def _confirmed(project: NormalizedName, item: Table, facts: RawFacts) -> tuple[Locked, list[str]]:
    """The candidate that a package of the proposal is, and where the proposal describes it wrongly."""
    wheel, version = item.table("wheel"), item.text("version")
    releases = facts.releases(project)
    place = (version, wheel.text("url"))
    position = next((at for at, item in enumerate(releases) if (str(item.version), item.wheel.url) == place), None)
    if position is None:
        raise RefutedEvidence(f"{project} {version} with {wheel.text('url')} is not a candidate")
    release = releases[position]
    found = release.wheel
    problems = [
        f"{project} {version}: {key} is {wheel.get(key)}, its page says {value}"
        for key, value in (("filename", found.filename), ("sha256", found.sha256), ("size", found.size))
        if not wheel.has(key) or wheel.get(key) != value
    ]
    if facts.dependencies(project, release) is None:
        problems.append(f"the METADATA of {found.filename} makes it unusable")
    return Locked(release, position, None if release.direct else facts.index(project)), problems


class _Walk:
    """From the lines down: every requirement is met, and every package that is reached is noted."""

    def __init__(self, target: Target, packages: Mapping[NormalizedName, Locked], facts: RawFacts) -> None:
        self.reached: set[NormalizedName] = set()
        self.needed: dict[NormalizedName, set[NormalizedName]] = {}
        self.problems: list[str] = []
        self._target = target
        self._packages = packages
        self._facts = facts
        self._todo: list[tuple[NormalizedName, NormalizedName | None]] = []
        self._done: set[tuple[NormalizedName, NormalizedName | None]] = set()

    def fleet(self, fleet: StatedFleet, models: tuple[str, ...]) -> None:
        """Begin with the lines of models; constraints bind what is there, and bring nothing."""
        for key in models:
            for text in fleet.models[key].requires if key in fleet.models else ():
                requirement = requirement_of(text)
                if self._facts.applies(requirement):
                    self._meet(key, Want.of(requirement))
        for text in fleet.constraints:
            want = Want.of(requirement_of(text))
            if self._facts.applies(requirement_of(text)) and want.project in self._packages:
                self._check("the fleet", want)

    def to_the_end(self) -> None:
        """Meet what the packages themselves want."""
        while self._todo:
            project, extra = self._todo.pop()
            wants = self._facts.wants(project, self._packages[project].position, extra)
            if wants is None:
                bracket = f"[{extra}]" if extra else ""
                self.problems.append(f"{project}{bracket} is unusable by its METADATA")
            for want in sorted(wants or ()):
                self.needed.setdefault(project, set()).add(want.project)
                self._meet(project, want)

    def _meet(self, who: str, want: Want) -> None:
        if want.project not in self._packages:
            self.problems.append(f"{who} needs {want}, which is not locked")
            return
        self._check(who, want)
        self.reached.add(want.project)
        for extra in (None, *want.extras):
            if (want.project, extra) not in self._done:
                self._done.add((want.project, extra))
                self._todo.append((want.project, extra))

    def _check(self, who: str, want: Want) -> None:
        locked = self._packages[want.project]
        if not self._facts.admits(want, locked.release):
            self.problems.append(f"{who} needs {want}, but {want.project} {locked.release.version} is locked")
