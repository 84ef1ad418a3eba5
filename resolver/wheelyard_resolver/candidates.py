"""Which releases of a project may be picked at all.

The candidates of a project are a function of its page, the target and the fleet's policy, and of nothing else:
never of which requirement lines are asked together. Only so is a subset of an installable set installable.

Where this differs from pip is listed in docs/conformance.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import BuildTag, InvalidWheelFilename, NormalizedName, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.model import CandidatePolicy
from wheelyard_resolver.page import DistributionFile, ProjectPage
from wheelyard_resolver.target import Target


@dataclass(frozen=True)
class Candidate:
    """A release that may be picked, with the wheel that installs it and decides its metadata.

    ``direct`` is the URL of a direct reference (PEP 440, PEP 508) on a model's line, else None.
    """

    project: NormalizedName
    version: Version
    wheel: DistributionFile
    direct: str | None = None


@dataclass(frozen=True)
class Admitted:
    """The positions of candidates that a requirement admits, ascending, and the same as a set."""

    positions: tuple[int, ...]
    as_set: frozenset[int]


@dataclass(frozen=True)
class CandidateList:
    """The candidates of one project, oldest first, and their versions. ``exists``: the index knows the project."""

    project: NormalizedName
    usable: Sequence[Candidate]
    versions: Sequence[Version]
    exists: bool
    _known: dict[tuple[str, str | None], Admitted] = field(default_factory=dict, init=False, repr=False, compare=False)

    def admitted(self, specifier: str, url: str | None) -> Admitted:
        """What a specifier, or a direct reference, admits. It is kept, for the list never changes."""
        found = self._known.get((specifier, url))
        if found is None:
            positions = tuple(self._positions(specifier, url))
            found = self._known[specifier, url] = Admitted(positions, frozenset(positions))
        return found

    def _positions(self, specifier: str, url: str | None) -> Iterable[int]:
        places = range(len(self.usable))
        if url is not None:
            return (place for place in places if self.usable[place].direct == url)
        if not specifier:
            return places
        # Pre-releases among the candidates were admitted by policy, so every specifier admits them (prereleases=True).
        return SpecifierSet(specifier).filter(places, prereleases=True, key=self.versions.__getitem__)

    @classmethod
    def of(cls, project: NormalizedName, usable: Iterable[Candidate], *, exists: bool = True) -> CandidateList:
        """The list of these candidates."""
        ordered = sorted(usable, key=lambda candidate: (candidate.version, candidate.direct or ""))
        return cls(project, tuple(ordered), tuple(candidate.version for candidate in ordered), exists)


@dataclass(frozen=True)
class _Wheel:
    version: Version
    build: BuildTag
    rank: int
    file: DistributionFile


def list_candidates(
    project: NormalizedName,
    page: ProjectPage | None,
    target: Target,
    policy: CandidatePolicy,
) -> CandidateList:
    """The candidates that a project's page offers, filtered by target and policy."""
    wheels = list(_admitted(page, target, policy)) if page is not None else []
    if project not in policy.pre_releases and any(not wheel.version.is_prerelease for wheel in wheels):
        wheels = [wheel for wheel in wheels if not wheel.version.is_prerelease]
    best: dict[Version, _Wheel] = {}
    for wheel in wheels:
        held = best.get(wheel.version)
        if held is None or _preference(wheel) > _preference(held):
            best[wheel.version] = wheel
    usable = (Candidate(project, version, wheel.file) for version, wheel in best.items())
    return CandidateList.of(project, usable, exists=page is not None)


def _preference(wheel: _Wheel) -> tuple[int, BuildTag, str]:
    # pip: the most specific tag, then the highest build number. The name settles what is left, for determinism.
    return -wheel.rank, wheel.build, wheel.file.filename


def _admitted(page: ProjectPage, target: Target, policy: CandidatePolicy) -> Iterator[_Wheel]:
    if page.status == "quarantined":  # PEP 792: such a project offers nothing to install
        return
    for file in page.files:
        if _refusal(page.project, file, target, policy) is None:
            wheel = _read(page.project, file, target)
            if wheel is not None:
                yield wheel


def _refusal(project: NormalizedName, file: DistributionFile, target: Target, policy: CandidatePolicy) -> str | None:
    """Why the policy or the target refuses a file, whatever its version; None if they do not."""
    if not file.filename.endswith(".whl"):
        return "has no wheel"
    if _rank(file.filename, target) is None:
        return f"has no wheel for {target}"
    if policy.exclude_newer is not None:
        if file.upload_time is None:
            return "has no upload time, and exclude-newer is set"
        if file.upload_time >= policy.exclude_newer:
            return f"was uploaded after exclude-newer ({policy.exclude_newer.date()})"
    if file.yanked is not None and project not in policy.yanked:
        return "is yanked"
    if not python_fits(file.requires_python, target):
        return f"requires Python {file.requires_python}"
    return None


def _rank(filename: str, target: Target) -> int | None:
    """The best rank of a wheel's tags, read off the last three parts of its name; None if none installs here."""
    parts = filename[: -len(".whl")].rsplit("-", 3)
    if len(parts) != 4:
        return None
    ranks = target.tag_ranks
    best: int | None = None
    for python in parts[1].lower().split("."):
        for abi in parts[2].lower().split("."):
            for platform in parts[3].lower().split("."):
                rank = ranks.get(f"{python}-{abi}-{platform}")
                if rank is not None and (best is None or rank < best):
                    best = rank
    return best


def _read(project: NormalizedName, file: DistributionFile, target: Target) -> _Wheel | None:
    rank = _rank(file.filename, target)
    try:
        name, version, build, _ = parse_wheel_filename(file.filename)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return None if rank is None or name != project else _Wheel(version, build, rank, file)


@lru_cache(maxsize=50_000)
def _specifier(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def python_fits(requires_python: str | None, target: Target) -> bool:
    """Whether Requires-Python, upper bounds included, admits the target; one that cannot be read does (pip)."""
    if not requires_python:
        return True
    return _fits(requires_python, target.python)


@lru_cache(maxsize=50_000)
def _fits(requires_python: str, python: str) -> bool:
    specifier = _specifier(requires_python)
    return specifier is None or specifier.contains(python, prereleases=True)


def direct_candidate(project: NormalizedName, url: str, target: Target) -> Candidate | None:
    """The wheel that a model names by URL as a candidate; None if it is not one of the project for the target."""
    address, _, fragment = url.partition("#")
    filename = address.rpartition("/")[2]
    if not filename.endswith(".whl") or _rank(filename, target) is None:
        return None
    try:
        name, version, _, _ = parse_wheel_filename(filename)
    except (InvalidWheelFilename, InvalidVersion):
        return None
    if name != project:
        return None
    hashes = dict(part.partition("=")[::2] for part in fragment.split("&"))
    return Candidate(project, version, DistributionFile(filename, address, sha256=hashes.get("sha256")), direct=url)


def why_refused(
    page: ProjectPage, specifier: SpecifierSet, target: Target, policy: CandidatePolicy
) -> tuple[tuple[str, tuple[Version, ...]], ...]:
    """Why releases that a specifier admits are no candidates: (reason, versions), most versions first.

    For explanations: it reads every file of the page and is not on the path of a verdict.
    """
    reasons: dict[Version, set[str]] = {}
    for file in page.files:
        version = version_of(file.filename)
        if version is not None and specifier.contains(version, prereleases=True):
            reason = _refusal(page.project, file, target, policy)
            if page.status == "quarantined":
                reason = "is quarantined"
            reasons.setdefault(version, set()).add(reason or "is a pre-release")
    told = {version: _most_telling(found) for version, found in reasons.items()}
    counts = Counter(told.values())
    return tuple(
        (reason, tuple(sorted(version for version, why in told.items() if why == reason)))
        for reason, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _most_telling(reasons: set[str]) -> str:
    # A release is refused file by file; what kept its best wheel out says more than "an sdist has no wheel".
    weaker = ("has no wheel", "has no wheel for")
    strong = sorted(reason for reason in reasons if not reason.startswith(weaker))
    if strong:
        return strong[0]
    other_platforms = sorted(reason for reason in reasons if reason != "has no wheel")
    return other_platforms[0] if other_platforms else "has only an sdist"


def version_of(filename: str) -> Version | None:
    """The version of a wheel or an sdist, read off its name; None if there is none."""
    stem = filename.removesuffix(".tar.gz").removesuffix(".zip").removesuffix(".whl")
    if filename.endswith(".whl"):
        parts = stem.split("-")
        text = parts[1] if len(parts) >= 5 else ""
    else:
        text = stem.rpartition("-")[2]
    try:
        return Version(text)
    except InvalidVersion:
        return None
