"""The fewest groups, from a monotone oracle alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, product

from hypothesis import example, given
from hypothesis import strategies as st
from tests.resolver.hypergraphs import Nodes, learner, pairs

from wheelyard_resolver.grouping import Grouper, Grouping


def grouped(count: int, conflicts: Sequence[Nodes], out_of_time: Callable[[], bool] = lambda: False) -> Grouping:
    """The grouping of models of which these cannot share a group."""
    return Grouper(learner(count, conflicts), out_of_time).search()


def first_best(count: int, conflicts: Sequence[Nodes]) -> list[int]:
    """The first colouring with the fewest colours, by trying all in order."""
    if count == 0:
        return []
    for colours in range(1, count + 1):
        for paint in product(range(colours), repeat=count):
            if not any(len({paint[node] for node in conflict}) == 1 for conflict in conflicts):
                return list(paint)
    raise AssertionError("a colour each always works")


def test_no_models_need_no_base() -> None:
    """Zero, proved."""
    found = grouped(0, [])
    assert (found.groups, found.lower_bound, found.minimal) == ((), 0, True)


def test_without_conflicts_one_group_holds_all() -> None:
    """And the oracle was asked about the whole."""
    assert grouped(3, []).groups == ((0, 1, 2),)


def test_a_conflict_of_three_needs_two_groups_though_no_pair_conflicts() -> None:
    """The largest clique is 1."""
    found = grouped(3, [frozenset({0, 1, 2})])
    assert (found.groups, found.lower_bound) == (((0, 1), (2,)), 2)


def test_an_odd_cycle_needs_three_groups_though_its_largest_clique_is_two() -> None:
    """The bound comes from refuting two colours, not from a clique."""
    found = grouped(5, pairs((0, 1), (1, 2), (2, 3), (3, 4), (4, 0)))
    assert len(found.groups) == found.lower_bound == 3


def test_of_all_smallest_groupings_the_first_is_returned() -> None:
    """Model 0 and as many as possible after it come first, whichever grouping was found first."""
    conflicts = pairs((0, 3), (1, 2))
    assert grouped(4, conflicts).groups == ((0, 1), (2, 3))


def test_out_of_time_gives_a_valid_grouping_that_is_not_called_minimal() -> None:
    """First fit needs three groups where two suffice; nothing beyond the clique bound is claimed."""
    conflicts = [*pairs((0, 3), (1, 3)), frozenset({2, 3, 4}), frozenset({0, 1, 4})]
    found = grouped(5, conflicts, out_of_time=lambda: True)
    assert all(not conflict <= frozenset(group) for conflict in conflicts for group in found.groups)
    assert found.minimal is (len(found.groups) == found.lower_bound)


def test_a_conflict_of_one_is_a_model_that_no_group_takes() -> None:
    """It is named, and the others are grouped without it."""
    found = grouped(3, [frozenset({1})])
    assert (found.groups, found.unplaceable, found.minimal) == (((0, 2),), (1,), True)


def hypergraphs() -> st.SearchStrategy[tuple[int, list[Nodes]]]:
    """Up to six models with conflicts of one to three, none containing another."""

    def minimal(conflicts: list[Nodes]) -> list[Nodes]:
        return [one for one in conflicts if not any(other < one for other in conflicts)]

    def of_size(count: int) -> st.SearchStrategy[tuple[int, list[Nodes]]]:
        possible = [frozenset(nodes) for size in (1, 2, 3) for nodes in combinations(range(count), size)]
        return st.lists(st.sampled_from(possible), unique=True, max_size=9).map(lambda found: (count, minimal(found)))

    return st.integers(2, 6).flatmap(of_size)


@given(hypergraphs())
@example((5, pairs((0, 1), (1, 2), (2, 3), (3, 4), (4, 0))))
def test_the_grouping_is_the_first_of_the_smallest(hypergraph: tuple[int, list[Nodes]]) -> None:
    """Equal to trying all colourings in order."""
    count, conflicts = hypergraph
    found = grouped(count, conflicts)
    alone = {node for conflict in conflicts if len(conflict) == 1 for node in conflict}
    left = [node for node in range(count) if node not in alone]
    renumbered = [frozenset(left.index(node) for node in conflict) for conflict in conflicts if len(conflict) > 1]
    paint = first_best(len(left), renumbered)
    expected = tuple(
        tuple(node for node, shade in zip(left, paint, strict=True) if shade == colour)
        for colour in dict.fromkeys(paint)
    )
    assert found.minimal
    assert found.unplaceable == tuple(sorted(alone))
    assert found.groups == expected
