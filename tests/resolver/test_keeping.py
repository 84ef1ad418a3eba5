"""Facts of groupings that leave models where they are, and the law that no grouping moves fewer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, product, repeat

from hypothesis import given
from hypothesis import strategies as st
from tests.resolver.hypergraphs import Nodes, learner

from wheelyard_resolver.grouping import Grouper
from wheelyard_resolver.keeping import Homes, Kept, keep_in_place
from wheelyard_resolver.moved import Moved
from wheelyard_resolver.plan import never


def keep(
    homes: Sequence[int | None], most: int, conflicts: Sequence[Nodes], sizes: Sequence[int] = ()
) -> tuple[dict[Nodes, int | None], int]:
    known = learner(len(homes), conflicts)
    found = keep_in_place(known, homes_of(homes, sizes), Grouper(known).search().groups, never, most=most)
    assert found.moved.fewest
    return {frozenset(group): home for group, home in found.groups}, found.moved.models


def homes_of(homes: Sequence[int | None], sizes: Sequence[int] = ()) -> Homes:
    bases = {node: home for node, home in enumerate(homes) if home is not None}
    return Homes(bases, {node: sizes[node] if sizes else 1 for node in bases})


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


def test_the_smaller_of_two_moves() -> None:
    groups, moved = keep([0, 0, 1], 2, [PAIR], sizes=[1, 3, 2])
    assert groups == {frozenset((1,)): 0, frozenset((0, 2)): 1}
    assert moved == 1


def test_out_of_time_the_groups_are_those_that_were_possible_named_after_where_most_are_from() -> None:
    known = learner(4, [PAIR])
    found = keep_in_place(known, homes_of([1, 0, 0, 0]), [(0,), (1, 2, 3)], lambda: True)
    assert found == Kept(groups=(((0,), 1), ((1, 2, 3), 0)), moved=Moved(0, at_least=0))
    found = keep_in_place(known, homes_of([1, 0, 0, 1]), [(0,), (1, 2, 3)], lambda: True)
    assert found == Kept(groups=(((0,), 1), ((1, 2, 3), 0)), moved=Moved(1, at_least=0))


CASES = st.integers(1, 5).flatmap(
    lambda count: st.tuples(
        st.lists(st.none() | st.integers(0, 2), min_size=count, max_size=count),
        st.lists(st.integers(1, 3), min_size=count, max_size=count),
        st.lists(st.frozensets(st.integers(0, count - 1), min_size=2, max_size=3), max_size=5)
        if count > 1
        else st.just([]),
        st.integers(0, 1),
    )
)


@given(case=CASES)
def test_no_grouping_of_that_many_groups_moves_fewer(
    case: tuple[list[int | None], list[int], list[Nodes], int],
) -> None:
    """Against every assignment of nodes to the accepted bases and as many new ones as there are nodes."""
    homes, sizes, conflicts, spare = case
    most = len(Grouper(learner(len(homes), conflicts)).search().groups) + spare
    groups, moved = keep(homes, most, conflicts, sizes)
    assert sorted(node for group in groups for node in group) == list(range(len(homes)))
    assert len(groups) <= most
    assert not any(conflict <= group for conflict in conflicts for group in groups)
    found = {node: base for group, base in groups.items() for node in group}
    assert moved == moves([found[node] for node in range(len(homes))], homes, sizes)
    assert moved == min(moves_of_all(homes, sizes, conflicts, most))


@given(case=CASES, asked=st.integers(0, 8))
def test_out_of_time_what_is_proved_is_true(
    case: tuple[list[int | None], list[int], list[Nodes], int], asked: int
) -> None:
    homes, sizes, conflicts, spare = case
    known = learner(len(homes), conflicts)
    possible = Grouper(known).search().groups
    most = len(possible) + spare
    clock = chain([False] * asked, repeat(True))
    found = keep_in_place(known, homes_of(homes, sizes), possible, lambda: next(clock), most=most)
    assert len(found.groups) <= most
    assert not any(conflict.issubset(group) for conflict in conflicts for group, _ in found.groups)
    assert found.moved.at_least <= min(moves_of_all(homes, sizes, conflicts, most)) <= found.moved.models


def moves(places: Sequence[int | None], homes: Sequence[int | None], sizes: Sequence[int]) -> int:
    there = zip(homes, places, sizes, strict=True)
    return sum(size for home, place, size in there if home is not None and home != place)


def moves_of_all(
    homes: Sequence[int | None], sizes: Sequence[int], conflicts: Sequence[Nodes], most: int
) -> Iterator[int]:
    for places in product(range(3 + most), repeat=len(homes)):
        groups = [frozenset(node for node, at in enumerate(places) if at == place) for place in set(places)]
        if len(groups) <= most and not any(conflict <= group for conflict in conflicts for group in groups):
            yield moves(places, homes, sizes)
