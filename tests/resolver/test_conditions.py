"""Laws of conditions: what is learnt in terms of them is true of models, whoever they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from tests.resolver import brute_force
from tests.resolver.fake_index import TARGET, FakeIndex, Release, fleet, model
from tests.resolver.random_worlds import World, random_world

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.condition import Asked, Condition, Conditions
from wheelyard_resolver.conflicts import Conflicts, bits, members
from wheelyard_resolver.learning import Learner
from wheelyard_resolver.model import lines_of
from wheelyard_resolver.plan import Oracle, never
from wheelyard_resolver.verdict import Engine

worlds = st.builds(random_world, st.integers(0, 2**64))


def union(asked: Sequence[Conditions]) -> Asked:
    return Asked(condition for conditions in asked for condition in conditions)


def chosen(models: Sequence[object]) -> list[tuple[int, ...]]:
    return [nodes for size in range(len(models) + 1) for nodes in combinations(range(len(models)), size)]


@given(worlds)
@settings(max_examples=settings().max_examples // 4)
def test_what_clashes_does_not_install_for_any_models_that_ask_for_it(world: World) -> None:
    """Every set of models is asked about. A clash is asked by them, and by no set that brute force can install."""
    engine = Engine.for_fleet(FakeIndex(world.universe), world.fleet, TARGET)
    models, limits = world.fleet.models, world.fleet.constraints
    engine.load(models)
    asked = [engine.conditions(item) for item in models]
    oracle = Oracle(engine, asked)
    installs = {
        nodes: brute_force.installs(
            world.universe, [*lines_of([models[node] for node in nodes]), *limits], world.fleet.policy
        )
        for nodes in chosen(models)
    }
    for nodes, expected in installs.items():
        conflict = oracle.clash(union([asked[node] for node in nodes]).strictest())
        assert (conflict is None) is expected
        for others, fine in installs.items() if conflict is not None else ():
            every = all(map(union([asked[node] for node in others]).implies, conflict or ()))
            assert not (every and fine)
            assert every or others != nodes


X, Y = canonicalize_name("x"), canonicalize_name("y")


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (Condition(X, "below", 7), Condition(Y, "present"), True),
        (Condition(X, "below", 4), Condition(Y, "present"), True),
        (Condition(X, "below", 9), Condition(Y, "present"), False),
        (Condition(X, "below", 4), Condition(Y, "extra"), False),
        (Condition(X, "from", 7), Condition(Y, "present"), False),
    ],
)
def test_what_was_learnt_of_other_models_is_recalled_in_terms_of_these(
    one: Condition, other: Condition, apart: bool
) -> None:
    """x below 7 and y do not go together: no more does x below 4, although nobody names 7."""
    learner = Learner([frozenset((one,)), frozenset((other,))], clash=lambda _: None)
    learner.recall([frozenset((Condition(X, "below", 7), Condition(Y, "present")))])
    assert (learner.attempt(Colouring(learner.models, 1), 1000, never) is False) is apart


def test_a_clash_is_stated_as_weakly_as_the_fleet_names_bounds() -> None:
    """y from 3 on wants x from 3 on: whoever wants x below 3 is apart from them, not only who wants x below 2."""
    universe = {
        "x": {version: Release() for version in "1234"},
        "y": {"1": Release(), "3": Release(["x>=3"]), "4": Release(["x>=3"])},
    }
    found = fleet(model("a", "x<2"), model("b", "y>=4"), model("c", "x<3"), model("d", "y>=3"))
    engine = Engine.for_fleet(FakeIndex(universe), found, TARGET)
    engine.load(found.models)
    asked = [engine.conditions(item) for item in found.models]
    conflict = Oracle(engine, asked).clash(union(asked[:2]).strictest())
    x, y = canonicalize_name("x"), canonicalize_name("y")
    assert conflict == frozenset((Condition(x, "below", 2), Condition(y, "from", 1), Condition(y, "present")))


PROJECTS = [canonicalize_name(name) for name in "xy"]
conditions = st.one_of(
    st.tuples(st.sampled_from(PROJECTS), st.sampled_from(("from", "below")), st.integers(1, 4)),
    st.tuples(st.sampled_from(PROJECTS), st.just("present")),
).map(lambda values: Condition(*values))
askings = st.frozensets(conditions, max_size=4).filter(
    lambda asked: (
        not any(
            one.kind == "from"
            and other.kind == "below"
            and one.project == other.project
            and one.position >= other.position
            for one in asked
            for other in asked
        )
    )
)


@given(
    st.lists(askings, min_size=1, max_size=5), st.lists(st.frozensets(conditions, min_size=1, max_size=3), max_size=4)
)
def test_a_group_is_allowed_unless_it_asks_for_all_of_a_conflict(
    models: list[Conditions], learnt: list[Conditions]
) -> None:
    """Bounds of one project that exclude each other are known as well; pairs and cliques agree with it."""
    known = Conflicts(models)
    for conflict in learnt:
        alone = set(members(known.add(conflict)))
        assert alone == {node for node, asked in enumerate(models) if all(map(Asked(asked).implies, conflict))}
    disjoint = [
        frozenset((Condition(project, "below", place), Condition(project, "from", place)))
        for project in PROJECTS
        for place in range(1, 5)
    ]

    def possible(nodes: Sequence[int]) -> bool:
        asked = union([models[node] for node in nodes])
        return not any(all(map(asked.implies, conflict)) for conflict in (*learnt, *disjoint))

    fine = [node for node in range(len(models)) if possible([node])]
    for node in fine:
        for nodes in chosen(fine):
            group = [fine[place] for place in nodes]
            if node not in group and possible(group):
                assert known.allow(node, bits(group)) is possible([*group, node])
        assert set(members(known.excluded(node))).intersection(fine) == {
            other for other in fine if other != node and not possible([node, other])
        }
    clique = known.clique(bits(fine))
    assert all(not possible(pair) for pair in combinations(clique, 2))
    for weaker, stronger in known.stronger(range(len(models))).items():
        assert all(map(Asked(models[stronger]).implies, models[weaker]))
