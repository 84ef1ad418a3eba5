"""A PubGrub solver that nobody here wrote says the same of random fleets larger than brute force could judge."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.dependency_graph import graph_of
from tests.conformance.second_solver import installs
from tests.resolver.fake_index import TARGET, FakeIndex
from tests.resolver.random_worlds import World, random_world

from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verdict import Engine, MinimalConflict

pytestmark = pytest.mark.heavy

worlds = st.builds(lambda seed: random_world(seed, projects=10, versions=5, models=6), st.integers(0, 2**64))
many = settings(max_examples=max(2_000, settings().max_examples))


@given(worlds)
@many
def test_verdicts_and_conflicts_are_those_of_a_pubgrub_solver(world: World) -> None:
    """The verdict on all models; and of a conflict, that every smaller set of models installs."""
    graph = graph_of(world)
    models = world.fleet.models
    answer = Engine.for_fleet(FakeIndex(world.universe), world.fleet, TARGET).together(models)
    assert installs(graph, [model.key for model in models]) is not isinstance(answer, MinimalConflict)
    if isinstance(answer, MinimalConflict):
        assert not installs(graph, answer.models)
        for left_out in answer.models:
            assert installs(graph, [key for key in answer.models if key != left_out])


@given(worlds)
@many
def test_bases_and_conflicts_of_a_proposal_hold_for_a_pubgrub_solver(world: World) -> None:
    """Every base installs, every conflict does not, and what is unplaceable is impossible alone."""
    graph = graph_of(world)
    found = propose(world.fleet, Recording(FakeIndex(world.universe)))
    assert found.minimal
    for base in found.bases:
        assert installs(graph, base.models)
        assert all(package.version in graph.choices[package.name, ""] for package in base.packages)
    for conflict in found.conflicts:
        assert not installs(graph, conflict.models)
    for item in found.unplaceable:
        assert not installs(graph, [item.model])
