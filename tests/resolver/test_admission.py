"""The law of levels: each is what trying every combination of releases and every grouping says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.version import Version
from tests.resolver import brute_force
from tests.resolver.fake_index import TARGET, FakeIndex
from tests.resolver.random_worlds import Universe, World, random_world

from wheelyard_resolver.admission import Admission, admit
from wheelyard_resolver.levels import Level
from wheelyard_resolver.model import AcceptedBase, Fleet, ModelPackage, lines_of
from wheelyard_resolver.plan import never
from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.sufficiency import Sufficiency

REGROUPED = [(421, 1), (423, None), (453, 1), (516, 0), (693, 1), (1011, None)]
"""Seeds, and the model that is replaced, where others must move: one world in three hundred."""


def world_of(seed: int) -> World:
    """A world of four models and a candidate."""
    return random_world(seed, models=5)


def settled(world: World, replaces: int | None) -> tuple[Fleet, ModelPackage]:
    """The fleet without its last model, with accepted bases; and that model as a candidate, new or in place of one.

    Models that cannot be installed at all are in no base.
    """
    *models, last = world.fleet.models
    fleet = replace(world.fleet, models=tuple(models))
    proposal = propose(fleet, Recording(FakeIndex(world.universe)))
    bases = tuple(
        AcceptedBase(base.name, base.models, None, tuple((package.name, package.version) for package in base.packages))
        for base in proposal.bases
    )
    candidate = replace(last, version=Version("2"))
    if replaces is not None:
        candidate = replace(candidate, name=models[replaces].name)
        candidate = replace(candidate, lines=tuple(replace(line, model=candidate.key) for line in candidate.lines))
    return replace(fleet, bases=bases), candidate


def expected(universe: Universe, fleet: Fleet, candidate: ModelPackage) -> Level:
    """The level, by trying everything."""

    def installs(models: Sequence[ModelPackage]) -> bool:
        return brute_force.installs(universe, (*lines_of(models), *fleet.constraints), fleet.policy)

    if not installs([candidate]):
        return Level.NOT_INSTALLABLE
    homes = [base for base in fleet.bases if candidate.key in base.models]
    own = homes or fleet.bases
    if any(as_built(universe, base, candidate) for base in own):
        return Level.FITS
    if any(installs([candidate, *others(fleet, base, candidate)]) for base in own):
        return Level.REBUILD
    if any(installs([candidate, *others(fleet, base, candidate)]) for base in fleet.bases):
        return Level.MOVES
    placed = [model for model in fleet.models if any(model.key in base.models for base in fleet.bases)]
    after = [candidate, *(model for model in placed if model.key != candidate.key)]
    least = min(len(groups) for groups in partitions(after) if all(map(installs, groups)))
    return Level.REGROUP if least <= len(fleet.bases) else Level.NEW_BASE


def as_built(universe: Universe, base: AcceptedBase, candidate: ModelPackage) -> bool:
    """Whether the lock satisfies the lines and everything that they lead to."""
    by_version = {
        name: {Version(version): release for version, release in releases.items()}
        for name, releases in universe.items()
    }
    lock = {str(name): (version, by_version[name][version]) for name, version in base.versions}
    return brute_force.satisfies(lock, candidate.lines)


def others(fleet: Fleet, base: AcceptedBase, candidate: ModelPackage) -> list[ModelPackage]:
    """Who lives in a base, without the candidate's older release."""
    return [model for model in fleet.models if model.key in base.models and model.key != candidate.key]


def partitions(models: Sequence[ModelPackage]) -> Iterator[list[list[ModelPackage]]]:
    """Every way to group models."""
    if not models:
        yield []
        return
    first, *rest = models
    for groups in partitions(rest):
        yield [[first], *groups]
        for place in range(len(groups)):
            yield [*groups[:place], [first, *groups[place]], *groups[place + 1 :]]


def holds_together(universe: Universe, fleet: Fleet, found: Admission) -> bool:
    """Whether the bases that a regrouping leads to can be had: the moves told make them."""
    homes = {key: base.name for base in fleet.bases for key in base.models}
    homes |= {move.model: move.to or "new" for move in found.moves}
    homes.pop(found.candidate.key, None)
    groups = [[model for model in fleet.models if homes.get(model.key) == name] for name in set(homes.values())]
    spare: list[list[ModelPackage]] = [[]] if len(groups) < len(fleet.bases) else []

    def installs(models: Sequence[ModelPackage]) -> bool:
        return brute_force.installs(universe, (*lines_of(models), *fleet.constraints), fleet.policy)

    return all(map(installs, groups)) and any(installs([found.candidate, *group]) for group in [*groups, *spare])


def _examples(test: Callable[..., None]) -> Callable[..., None]:
    for seed, replaces in REGROUPED:
        test = example(seed=seed, replaces=replaces)(test)
    return test


@_examples
@given(seed=st.integers(0, 2**64), replaces=st.none() | st.integers(0, 3))
def test_the_level_is_what_trying_everything_says(seed: int, replaces: int | None) -> None:
    """And the moves that are told make the grouping possible."""
    world = world_of(seed)
    fleet, candidate = settled(world, replaces)
    found = admit(fleet, candidate, FakeIndex(world.universe))
    if fleet.bases:
        assert found.level is expected(world.universe, fleet, candidate)
    if fleet.bases and found.level is Level.REGROUP:
        assert holds_together(world.universe, fleet, found)


def test_the_worlds_are_of_every_level() -> None:
    """Otherwise the law would say little."""
    levels = set()
    for seed, replaces in [*REGROUPED, *((seed, seed % 4) for seed in range(100))]:
        fleet, candidate = settled(world_of(seed), replaces)
        if fleet.bases:
            levels.add(admit(fleet, candidate, FakeIndex(world_of(seed).universe)).level)
    assert levels == set(Level)


@given(seed=st.integers(0, 2**64))
@settings(max_examples=100)
def test_what_was_learnt_before_changes_no_answer(seed: int) -> None:
    """Whether so many bases suffice: asked about one set of models after the other, and about each afresh."""
    world = random_world(seed, models=6)
    index = FakeIndex(world.universe)
    known = Sufficiency(index, world.fleet, TARGET, None)
    for first in range(4):
        models = world.fleet.models[first : first + 3]
        for bases in (1, 2):
            afresh = Sufficiency(index, world.fleet, TARGET, None).of(models, bases, never)
            assert known.of(models, bases, never) == afresh
        assert known.installs(models) == Sufficiency(index, world.fleet, TARGET, None).installs(models)
