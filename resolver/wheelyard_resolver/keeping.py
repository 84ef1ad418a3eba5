"""Of all smallest groupings, one that leaves as many models as possible where they are.

Each accepted base is a colour of its own, beside as many new ones as there may be groups; at most so many colours are
in use as the grouping needs at least. Moves are allowed one by one, beginning with none, until that can be satisfied:
the number is proved least. As in :mod:`wheelyard_resolver.grouping`, conflicts are learnt as they are needed, and the
first of the answers is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.first_grouping import first_grouping
from wheelyard_resolver.learning import Learner, groups_of
from wheelyard_resolver.sat import UNLIMITED


@dataclass(frozen=True)
class Kept:
    """The groups, each with the accepted base that it goes on with (None: a new one), and how many nodes moved."""

    groups: tuple[tuple[tuple[int, ...], int | None], ...]
    moved: int


def keep_in_place(
    learner: Learner, homes: Mapping[int, int], most: int, out_of_time: Callable[[], bool]
) -> Kept | None:
    """A grouping into at most ``most`` groups that moves the fewest nodes; None when time runs out.

    ``homes`` has the accepted base of each node that has one; a node leaves its base when it is in any other group.
    ``most`` groups must be possible.
    """
    accepted = 1 + max(homes.values(), default=-1)
    homes = {node: home for node, home in homes.items() if node in learner.left}
    for moves in count():
        colouring = Colouring(learner.models, accepted + most)
        colouring.use_at_most(most)
        colouring.leave_at_most(homes, moves)
        colours = learner.attempt(colouring, UNLIMITED, out_of_time, each=True)
        if colours:
            colours = first_grouping(learner, colouring, colours, out_of_time)
        colouring.close()
        if colours:
            return _kept(colours, accepted, moves)
        if colours is None:
            return None
    raise AssertionError("as many moves as nodes are always enough")


def _kept(colours: Mapping[int, int], accepted: int, moved: int) -> Kept:
    groups = ((group, colours[group[0]]) for group in groups_of(colours))
    return Kept(tuple((group, colour if colour < accepted else None) for group, colour in groups), moved)
