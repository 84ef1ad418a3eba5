"""Installability by trying every combination of releases: slow, obvious, and nothing of the engine in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import product

from packaging.requirements import Requirement
from packaging.version import Version
from tests.resolver.fake_index import TARGET, Release

from wheelyard_resolver.model import CandidatePolicy, ModelPackage, RequirementLine

Universe = Mapping[str, Mapping[str, Release]]
Offered = Mapping[str, Sequence[tuple[Version, Release]]]
"""The releases of each project that may be picked."""

Choice = Mapping[str, "tuple[Version, Release] | None"]
"""At most one release of each project."""

_STRICT = CandidatePolicy()


def candidates(universe: Universe, policy: CandidatePolicy = _STRICT) -> Offered:
    """The rule for candidates, written a second time.

    What a release's METADATA says does not change which others are candidates; a METADATA that is not the ordinary
    one makes its release unusable in these universes.
    """
    found: dict[str, list[tuple[Version, Release]]] = {}
    for name, releases in universe.items():
        listed = [
            (Version(version), release)
            for version, release in releases.items()
            if release.tags and release.requires_python != "<3" and (not release.yanked or name in policy.yanked)
        ]
        finals = [item for item in listed if not item[0].is_prerelease]
        admitted = finals if finals and name not in policy.pre_releases else listed
        found[name] = [(version, release) for version, release in admitted if release.metadata == b""]
    return found


def installs(universe: Universe, lines: Sequence[RequirementLine], policy: CandidatePolicy = _STRICT) -> bool:
    """Whether some combination satisfies the lines."""
    offered = candidates(universe, policy)
    names = sorted(offered)
    choices: Iterable[Sequence[tuple[Version, Release] | None]] = product(*([None, *offered[name]] for name in names))
    wanted, limits = applicable_lines(lines)
    return any(holds(dict(zip(names, choice, strict=True)), wanted, limits) for choice in choices)


def satisfies(choice: Choice, lines: Sequence[RequirementLine]) -> bool:
    """Whether a choice of releases installs the lines."""
    return holds(choice, *applicable_lines(lines))


def applicable_lines(lines: Sequence[RequirementLine]) -> tuple[list[Requirement], list[Requirement]]:
    """What models want on the target, and what constraints limit there."""
    return (
        applicable(line.requirement for line in lines if line.model is not None),
        applicable(line.requirement for line in lines if line.model is None),
    )


def holds(choice: Choice, wanted: Sequence[Requirement], limits: Sequence[Requirement]) -> bool:
    """Whether a choice of releases has all that is wanted, and all that this leads to, within the limits."""
    for limit in limits:
        picked = choice.get(limit.name)
        if picked is not None and not limit.specifier.contains(picked[0], prereleases=True):
            return False
    todo = list(wanted)
    done: set[tuple[str, str]] = set()
    while todo:
        requirement = todo.pop()
        picked = choice.get(requirement.name)
        if picked is None or not requirement.specifier.contains(picked[0], prereleases=True):
            return False
        for extra in ("", *requirement.extras):
            if (requirement.name, extra) not in done:
                done.add((requirement.name, extra))
                todo += dependencies(picked[1], extra)
    return True


def applicable(requirements: Iterable[Requirement]) -> list[Requirement]:
    """Those whose marker holds on the target."""
    return [requirement for requirement in requirements if _counts(str(requirement))]


def dependencies(release: Release, extra: str) -> list[Requirement]:
    """What a release needs on the target: always, and for one extra; the empty extra is the plain release."""
    return [_parsed(text) for text in release.requires if _counts(text, extra)]


_parsed = cache(Requirement)


@cache
def _counts(requirement: str, extra: str = "") -> bool:
    marker = _parsed(requirement).marker
    return marker is None or marker.evaluate({**TARGET.environment, "extra": extra})


def fewest_groups(
    universe: Universe,
    models: Sequence[ModelPackage],
    constraints: Sequence[RequirementLine],
    policy: CandidatePolicy = _STRICT,
) -> int:
    """The least number of groups over all partitions, each group tried in full."""
    known: dict[frozenset[str], bool] = {}

    def fine(group: Sequence[ModelPackage]) -> bool:
        key = frozenset(model.key for model in group)
        if key not in known:
            known[key] = installs(universe, [*(line for model in group for line in model.lines), *constraints], policy)
        return known[key]

    return min(len(partition) for partition in _partitions(list(models)) if all(fine(group) for group in partition))


def _partitions(models: list[ModelPackage]) -> Iterator[list[list[ModelPackage]]]:
    if not models:
        yield []
        return
    first, rest = models[0], models[1:]
    for partition in _partitions(rest):
        yield [[first], *partition]
        for place, group in enumerate(partition):
            yield [*partition[:place], [first, *group], *partition[place + 1 :]]
