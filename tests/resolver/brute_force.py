"""Installability by trying every combination of releases: slow, obvious, and nothing of the engine in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from packaging.requirements import Requirement
from packaging.version import Version
from tests.resolver.fake_index import TARGET, Release

from wheelyard_resolver.model import ModelPackage, RequirementLine

Universe = Mapping[str, Mapping[str, Release]]


def candidates(universe: Universe) -> dict[str, list[tuple[Version, Release]]]:
    """The rule of design.md, 5, written a second time."""
    found = {}
    for name, releases in universe.items():
        usable = [
            (Version(version), release)
            for version, release in releases.items()
            if release.tags and not release.yanked and release.requires_python != "<3"
        ]
        finals = [item for item in usable if not item[0].is_prerelease]
        found[name] = finals or usable
    return found


def installs(universe: Universe, lines: Sequence[RequirementLine]) -> bool:
    """Whether some combination satisfies the lines."""
    offered = candidates(universe)
    names = sorted(offered)
    choices: Iterable[Sequence[tuple[Version, Release] | None]] = product(*([None, *offered[name]] for name in names))
    return any(satisfies(dict(zip(names, choice, strict=True)), lines) for choice in choices)


def satisfies(choice: Mapping[str, tuple[Version, Release] | None], lines: Sequence[RequirementLine]) -> bool:
    """Whether a choice of releases installs the lines."""
    todo = [line.requirement for line in lines if line.model is not None]
    for line in lines:
        picked = choice.get(line.project)
        if (
            line.model is None
            and picked is not None
            and not line.requirement.specifier.contains(picked[0], prereleases=True)
        ):
            return False
    done: set[tuple[str, str]] = set()
    while todo:
        requirement = todo.pop()
        picked = choice.get(requirement.name)
        if picked is None or not requirement.specifier.contains(picked[0], prereleases=True):
            return False
        for extra in ("", *requirement.extras):
            if (requirement.name, extra) not in done:
                done.add((requirement.name, extra))
                todo += _dependencies(picked[1], extra)
    return True


def _dependencies(release: Release, extra: str) -> Iterator[Requirement]:
    for requirement in map(Requirement, release.requires):
        environment = {**TARGET.environment, "extra": extra}
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield requirement


def fewest_groups(universe: Universe, models: Sequence[ModelPackage], constraints: Sequence[RequirementLine]) -> int:
    """The least number of groups over all partitions, each group tried in full."""
    known: dict[frozenset[str], bool] = {}

    def fine(group: Sequence[ModelPackage]) -> bool:
        key = frozenset(model.key for model in group)
        if key not in known:
            known[key] = installs(universe, [*(line for model in group for line in model.lines), *constraints])
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
