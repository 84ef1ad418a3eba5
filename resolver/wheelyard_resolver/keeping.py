"""Of all smallest groupings, one that leaves as many models as possible where they are.

Each accepted base is a colour of its own, beside as many new ones as there may be groups; at most so many colours are
in use as the grouping needs at least. Moves are allowed one by one, beginning with none, until that can be satisfied:
the number is proved least. As in :mod:`wheelyard_resolver.grouping`, conflicts are learnt as they are needed, and the
lexicographically first of the answers is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from wheelyard_resolver.grouping import Colouring, Nodes


@dataclass(frozen=True)
class Kept:
    """The groups, each with the accepted base that it goes on with (None: a new one), and how many nodes moved."""

    groups: tuple[tuple[Nodes, int | None], ...]
    moved: int


def keep_in_place(
    homes: Sequence[int | None],
    most: int,
    conflict_within: Callable[[Nodes], Nodes | None],
    known: Sequence[Nodes],
    out_of_time: Callable[[], bool],
) -> Kept | None:
    """A grouping into at most ``most`` groups that moves the fewest nodes; None when time runs out.

    ``homes`` has the accepted base of each node, None where it has none; a node leaves its base when it is in any other
    group. ``known`` are conflicts known beforehand: ``most`` groups must be possible.
    """
    accepted = 1 + max((home for home in homes if home is not None), default=-1)
    conflicts = list(known)
    fine: set[Nodes] = set()
    for moves in count():
        while not out_of_time():
            groups = _first(homes, accepted, most, moves, conflicts)
            if groups is None:
                break
            learnt = _learn(groups, conflict_within, fine)
            if not learnt:
                return Kept(tuple(groups), moves)
            conflicts += learnt
        else:
            return None
    raise AssertionError("as many moves as nodes are always enough")


def _first(
    homes: Sequence[int | None], accepted: int, most: int, moves: int, conflicts: Sequence[Nodes]
) -> list[tuple[Nodes, int | None]] | None:
    """The first colouring with at most so many groups and moves that no known conflict forbids."""
    formula = Colouring(range(len(homes)), accepted + most)
    for conflict in conflicts:
        formula.forbid(conflict)
    formula.use_at_most(most)
    formula.leave_at_most({node: home for node, home in enumerate(homes) if home is not None}, moves)
    if not formula.solve(()):
        return None
    return [(group, colour if colour < accepted else None) for colour, group in formula.first_by_colour()]


def _learn(
    groups: Sequence[tuple[Nodes, int | None]], conflict_within: Callable[[Nodes], Nodes | None], fine: set[Nodes]
) -> list[Nodes]:
    """What stands against these groups; nothing if each can be installed."""
    learnt: list[Nodes] = []
    for group, _ in groups:
        if any(group <= other for other in fine):
            continue
        conflict = conflict_within(group)
        if conflict is None:
            fine.add(group)
        else:
            learnt.append(conflict)
    return learnt
