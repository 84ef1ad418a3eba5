"""The candidates of each project, and what they want, from raw pages and METADATA: the rule written a second time.

A release is a candidate if one of its wheels installs on the target, is admitted by the policy, and states a
Requires-Python that the target satisfies (one that cannot be read is satisfied, as pip has it). Of these wheels the one
with the most specific tag, then the highest build, speaks for the release. Pre-releases count only where the policy
names the project or no final release is left. Which lines are asked together has no part in this.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import BuildTag, InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from wheelyard_resolver.target import Target
from wheelyard_resolver.verify.evidence import Evidence, RefutedEvidence
from wheelyard_resolver.verify.facts import Want
from wheelyard_resolver.verify.index_page import Wheel, time, wheels
from wheelyard_resolver.verify.wheel_metadata import Dependencies, dependencies


@dataclass(frozen=True)
class Policy:
    """Which files may be candidates: see the fleet file."""

    pre_releases: frozenset[str] = frozenset()
    yanked: frozenset[str] = frozenset()
    exclude_newer: dt.datetime | None = None


@dataclass(frozen=True)
class Release:
    """A candidate. ``direct`` is the URL of a direct reference as its line has it, else empty."""

    version: Version
    wheel: Wheel
    direct: str = ""


class RawFacts:
    """Implements :class:`~wheelyard_resolver.verify.facts.Facts` for one target, reading only what is asked for.

    ``direct`` are the direct references on lines of the fleet's models, by project.
    """

    def __init__(
        self, evidence: Evidence, target: Target, policy: Policy, direct: Mapping[NormalizedName, Collection[str]]
    ) -> None:
        self.target = target
        self._evidence = evidence
        self._policy = policy
        self._direct = direct
        self._releases: dict[NormalizedName, tuple[Release, ...]] = {}
        self._indexes: dict[NormalizedName, str] = {}
        self._dependencies: dict[str, Dependencies | None] = {}

    def releases(self, project: NormalizedName) -> tuple[Release, ...]:
        """The candidates of a project, oldest first."""
        if project not in self._releases:
            found = [*self._listed(project), *self._referenced(project)]
            self._releases[project] = tuple(sorted(found, key=lambda release: (release.version, release.direct)))
        return self._releases[project]

    def count(self, project: NormalizedName) -> int:
        """See Facts."""
        return len(self.releases(project))

    def admitted(self, want: Want) -> Sequence[int]:
        """See Facts."""
        releases = self.releases(want.project)
        return [place for place, release in enumerate(releases) if self.admits(want, release)]

    def admits(self, want: Want, release: Release) -> bool:
        """Whether a want is met by a release of its project."""
        if want.url:
            return release.direct == want.url
        return _specifier(want.specifier).contains(release.version, prereleases=True)

    def wants(self, project: NormalizedName, position: int, extra: NormalizedName | None) -> Collection[Want] | None:
        """See Facts."""
        found = self.dependencies(project, self.releases(project)[position])
        if found is None:
            return None
        if extra is not None and extra not in found.extras:
            return ()  # pip warns of an extra that the wheel does not offer, and goes on
        asked = [
            requirement
            for requirement in found.requires
            if self.applies(requirement) == (extra is None) and self.applies(requirement, extra or "")
        ]
        for requirement in asked:
            if requirement.url and requirement.url not in self._direct.get(canonicalize_name(requirement.name), ()):
                return None
        return {Want.of(requirement) for requirement in asked}

    def dependencies(self, project: NormalizedName, release: Release) -> Dependencies | None:
        """What the METADATA of a candidate states; None if it makes it unusable."""
        url = release.wheel.url
        if url not in self._dependencies:
            found = dependencies(self._evidence.metadata(url))
            if found is not None:
                own = (found.name, found.version) == (project, release.version)
                found = found if own and self._is_sound(found) else None
            self._dependencies[url] = found
        return self._dependencies[url]

    def _is_sound(self, found: Dependencies) -> bool:
        """Whether the Python fits and every marker has a value; whether one has does not depend on the extra."""
        try:
            for requirement in found.requires:
                self.applies(requirement)
        except (UndefinedComparison, UndefinedEnvironmentName):
            return False
        return admits_python(found.requires_python, self.target)

    def applies(self, requirement: Requirement, extra: str = "") -> bool:
        """Whether a requirement's marker holds on the target, with one extra or none asked for."""
        return requirement.marker is None or _holds(requirement.marker, self.target, extra)

    def index(self, project: NormalizedName) -> str | None:
        """The URL of the index that lists a project, as locks name it: its page's address without the project."""
        self.releases(project)
        return self._indexes.get(project)

    def _listed(self, project: NormalizedName) -> list[Release]:
        page = self._evidence.page(project)
        if page is None:
            return []
        self._indexes[project] = page.url.rstrip("/").rpartition("/")[0] + "/"
        try:
            fitting = wheels(page, lambda filename: _rank(filename, self.target) >= 0)
            usable = [wheel for wheel in fitting if self._is_usable(project, wheel)]
        except ValueError as error:
            raise RefutedEvidence(f"the page of {project} cannot be read: {error}") from error
        best: dict[Version, tuple[tuple[int, BuildTag, str], Wheel]] = {}
        for wheel in usable:
            named = _named(project, wheel.filename)
            if named is not None:
                version, build = named
                merit = -_rank(wheel.filename, self.target), build, wheel.filename
                if version not in best or best[version][0] < merit:
                    best[version] = merit, wheel
        finals = [version for version in best if not version.is_prerelease]
        kept = best if project in self._policy.pre_releases or not finals else finals
        return [Release(version, best[version][1]) for version in kept]

    def _is_usable(self, project: NormalizedName, wheel: Wheel) -> bool:
        limit = self._policy.exclude_newer
        return (
            (limit is None or (wheel.uploaded is not None and time(wheel.uploaded) < limit))
            and (not wheel.yanked or project in self._policy.yanked)
            and admits_python(wheel.requires_python or "", self.target)
        )

    def _referenced(self, project: NormalizedName) -> list[Release]:
        found = []
        for reference in self._direct.get(project, ()):
            url, _, fragment = reference.partition("#")
            filename = url.rpartition("/")[2]
            named = _named(project, filename) if filename.endswith(".whl") else None
            if named is not None and _rank(filename, self.target) >= 0:
                hashes = dict(part.partition("=")[::2] for part in fragment.split("&"))
                found.append(Release(named[0], Wheel(filename, url, hashes.get("sha256")), reference))
        return found


def _rank(filename: str, target: Target) -> int:
    """The place of a wheel's best tag among those of the target, 0 being the most specific; -1 if none is there."""
    return _rank_of("-".join(filename.removesuffix(".whl").rsplit("-", 3)[-3:]), target)


@cache
def _rank_of(compressed: str, target: Target) -> int:
    """See :func:`_rank`: thousands of file names end in the same few sets of tags."""
    python, abi, platform = (*compressed.lower().split("-"), "", "")[:3]
    ranks = target.tag_ranks
    tags = (
        f"{one}-{two}-{three}" for one in python.split(".") for two in abi.split(".") for three in platform.split(".")
    )
    return min((ranks[tag] for tag in tags if tag in ranks), default=-1)


def _named(project: NormalizedName, filename: str) -> tuple[Version, BuildTag] | None:
    """The version and build of a wheel of a project; None if its name is not that of one."""
    try:
        name, version, build, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return None
    return (version, build) if name == project else None


@cache
def _specifier(text: str) -> SpecifierSet:
    return SpecifierSet(text)


@cache
def admits_python(requires_python: str, target: Target) -> bool:
    """Whether Requires-Python admits the Python of a target; one that cannot be read does."""
    try:
        return SpecifierSet(requires_python).contains(target.python, prereleases=True)
    except InvalidSpecifier:
        return True


@cache
def _holds(marker: Marker, target: Target, extra: str) -> bool:
    return marker.evaluate({**target.environment, "extra": extra})
