"""The engine's laws, on random small worlds (see random_worlds.py), each judged by trying everything."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.resolver import brute_force
from tests.resolver.fake_index import TARGET, FakeIndex
from tests.resolver.random_worlds import World, random_world

from wheelyard_resolver.model import lines_of
from wheelyard_resolver.proposal import to_document
from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

worlds = st.builds(random_world, st.integers(0, 2**64))
many = settings(max_examples=max(500, settings().max_examples))


def engine_of(world: World) -> Engine:
    return Engine.for_fleet(FakeIndex(world.universe), world.fleet, TARGET)


@given(worlds)
@many
def test_verdicts_equal_brute_force_and_conflicts_are_minimal(world: World) -> None:
    """The verdict is brute force's; every proper subset of a conflict, of models and then of lines, installs."""
    models, limits, policy = world.fleet.models, world.fleet.constraints, world.fleet.policy
    answer = engine_of(world).together(models)
    expected = brute_force.installs(world.universe, [*lines_of(models), *limits], policy)
    assert isinstance(answer, MinimalConflict) is not expected
    if isinstance(answer, MinimalConflict):
        members = [model for model in models if model.key in answer.models]
        assert {line.model for line in answer.lines} - {None} == set(answer.models)
        assert not brute_force.installs(world.universe, answer.lines, policy)
        for left_out in members:
            rest = [model for model in members if model is not left_out]
            assert brute_force.installs(world.universe, [*lines_of(rest), *limits], policy)
        for place in range(len(answer.lines)):
            fewer = [*answer.lines[:place], *answer.lines[place + 1 :]]
            assert brute_force.installs(world.universe, fewer, policy)


@given(worlds)
@many
def test_the_number_of_bases_is_the_least(world: World) -> None:
    """As many as the best of all partitions; every model is in a base or unplaceable; locks hold
    (rechecked); the reasons can be told."""
    models, limits, policy = world.fleet.models, world.fleet.constraints, world.fleet.policy
    proposal = propose(world.fleet, Recording(FakeIndex(world.universe)))
    placeable = [model for model in models if brute_force.installs(world.universe, [*model.lines, *limits], policy)]
    placed = sorted(key for base in proposal.bases for key in base.models)
    assert placed == sorted(model.key for model in placeable)
    assert {item.model for item in proposal.unplaceable} == {model.key for model in models} - set(placed)
    assert proposal.minimal
    assert len(proposal.bases) == brute_force.fewest_groups(world.universe, placeable, limits, policy)
    assert json.dumps(to_document(proposal))


@given(worlds, st.randoms(use_true_random=False))
@many
def test_verdicts_are_monotone_whatever_was_asked_before(world: World, random: Random) -> None:
    """One engine is asked about every set of models, in some order: subsets of an installable set install, and a set
    that does not install contains its conflict, whose own subsets do."""
    engine = engine_of(world)
    models = world.fleet.models
    sets = [chosen for size in range(len(models) + 1) for chosen in combinations(models, size)]
    random.shuffle(sets)
    answers = {frozenset(model.key for model in chosen): engine.together(chosen) for chosen in sets}
    for keys, answer in answers.items():
        if isinstance(answer, Solution):
            assert all(isinstance(answers[keys - {one}], Solution) for one in keys)
        else:
            assert keys >= set(answer.models)
            assert all(isinstance(answers[frozenset(answer.models) - {one}], Solution) for one in answer.models)


def test_the_worlds_are_of_every_kind() -> None:
    """Fleets that install, and conflicts of one model, of two and of three: none of the laws above holds idly."""
    kinds: Counter[int] = Counter()
    for seed in range(200):
        world = random_world(seed)
        answer = engine_of(world).together(world.fleet.models)
        kinds[0 if isinstance(answer, Solution) else len(answer.models)] += 1
    assert all(kinds[size] >= least for size, least in {0: 40, 1: 40, 2: 40, 3: 4}.items()), kinds
