"""Facts of groupings that leave models where they are, and the law that no grouping moves fewer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from tests.resolver.hypergraphs import Nodes, learner

from wheelyard_resolver.grouping import Grouper
from wheelyard_resolver.keeping import keep_in_place
from wheelyard_resolver.plan import never


def keep(homes: Sequence[int | None], most: int, conflicts: Sequence[Nodes]) -> tuple[dict[Nodes, int | None], int]:
    at_home = {node: home for node, home in enumerate(homes) if home is not None}
    found = keep_in_place(learner(len(homes), conflicts), at_home, most, never)
    assert found is not None
    return {frozenset(group): home for group, home in found.groups}, found.moved


PAIR = frozenset((0, 1))


def test_what_can_stay_stays() -> None:
    groups, moved = keep([1, 0, 1], 2, [PAIR])
    assert groups == {frozenset((0, 2)): 1, frozenset((1,)): 0}
    assert moved == 0


def test_a_model_moves_where_that_saves_a_base() -> None:
    groups, moved = keep([0, 1, 2], 2, [PAIR])
    assert len(groups) == 2
    assert moved == 1


def test_a_new_model_without_a_place_gets_a_new_base() -> None:
    groups, moved = keep([0, None], 2, [PAIR])
    assert groups == {frozenset((0,)): 0, frozenset((1,)): None}
    assert moved == 0


def test_out_of_time_there_is_no_answer() -> None:
    assert keep_in_place(learner(2, [PAIR]), {0: 0, 1: 1}, 2, lambda: True) is None


CASES = st.integers(1, 5).flatmap(
    lambda count: st.tuples(
        st.lists(st.none() | st.integers(0, 2), min_size=count, max_size=count),
        st.lists(st.frozensets(st.integers(0, count - 1), min_size=2, max_size=3), max_size=5)
        if count > 1
        else st.just([]),
    )
)


@given(case=CASES)
def test_no_grouping_of_that_many_groups_moves_fewer(case: tuple[list[int | None], list[Nodes]]) -> None:
    """Against every assignment of models to the accepted bases and as many new ones as there are models."""
    homes, conflicts = case
    most = len(Grouper(learner(len(homes), conflicts)).search().groups)
    groups, moved = keep(homes, most, conflicts)
    assert sorted(node for group in groups for node in group) == list(range(len(homes)))
    assert len(groups) <= most
    assert not any(conflict <= group for conflict in conflicts for group in groups)
    assert moved == sum(
        home is not None and home != base for group, base in groups.items() for home in of(group, homes)
    )
    assert moved == min(moves_of_all(homes, conflicts, most))


def of(group: Nodes, homes: Sequence[int | None]) -> list[int | None]:
    return [homes[node] for node in sorted(group)]


def moves_of_all(homes: Sequence[int | None], conflicts: Sequence[Nodes], most: int) -> list[int]:
    found = []
    for places in product(range(3 + len(homes)), repeat=len(homes)):
        groups = [frozenset(node for node, at in enumerate(places) if at == place) for place in set(places)]
        if len(groups) <= most and not any(conflict <= group for conflict in conflicts for group in groups):
            found.append(sum(home is not None and home != at for home, at in zip(homes, places, strict=True)))
    return found
