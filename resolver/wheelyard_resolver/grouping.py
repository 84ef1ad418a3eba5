"""The fewest groups of models that can each be installed together, proved.

Grouping is colouring: no group may ask for conditions that contradict each other. Which ones do is learnt as it is
needed (logic-based Benders decomposition): colour, ask about each group, learn a conflict, repeat. Conflicts are
sets of conditions, not of models: one holds for all models that ask for as much (see :mod:`.condition`). It may
take three models or more to bring them together, so pairs do not suffice, and the largest set of pairwise
conflicting models may be smaller than the number of groups, so it is no proof: the proof is that one colour fewer
cannot be satisfied. A conflict within what one model asks is a model that no group can take.

Of all smallest groupings one is chosen that does not depend on which was found first (see :mod:`.first_grouping`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.conflicts import bits, members
from wheelyard_resolver.first_grouping import first_grouping
from wheelyard_resolver.learning import Learner, groups_of


@dataclass(frozen=True)
class Grouping:
    """Groups of indices, each sorted, ordered by their first member; ``unplaceable`` are in none.

    ``lower_bound`` groups are needed, proved, and so they are for the models ``needed`` alone.
    """

    groups: tuple[tuple[int, ...], ...]
    unplaceable: tuple[int, ...]
    lower_bound: int
    needed: tuple[int, ...]

    @property
    def minimal(self) -> bool:
        """Whether the number of groups is proved to be the least possible."""
        return len(self.groups) == self.lower_bound


class Grouper:
    """Searches the fewest groups of the models that a learner knows; ``out_of_time`` is asked now and then."""

    def __init__(self, learner: Learner, out_of_time: Callable[[], bool] = lambda: False) -> None:
        self._learner = learner
        self._known = learner.known
        self._out_of_time = out_of_time

    def search(self) -> Grouping:
        """The fewest groups; when time runs out, a valid grouping with the lower bound proved so far."""
        best = self._first_fit()
        clique = self._known.clique(bits(self._learner.left))
        bound, needed = len(clique), sorted(clique)
        while bound < len(best) and not self._out_of_time():
            colouring = Colouring(self._learner.models, bound, self._known.found)
            colouring.pin(clique)
            colours = self._learner.valid(colouring, self._out_of_time)
            if colours is not None:
                best = groups_of(colours)
            elif not self._out_of_time():
                bound, needed = bound + 1, sorted({*clique, *colouring.core()})
            colouring.close()
        if bound == len(best):
            best = self._first(best)
        unplaceable = tuple(model for model in range(len(self._learner.models)) if model not in self._learner.left)
        return Grouping(tuple(best), unplaceable, bound, tuple(needed))

    def _first(self, best: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        colouring = Colouring(self._learner.models, len(best), self._known.found)
        colours = {model: colour for colour, group in enumerate(best) for model in group}
        first = first_grouping(self._learner, colouring, colours, self._out_of_time)
        colouring.close()
        return groups_of(first)

    def _first_fit(self) -> list[tuple[int, ...]]:
        """A valid grouping to start from: one group after the other takes what it can of the models that are left."""
        groups: list[tuple[int, ...]] = []
        waiting = list(self._learner.left)
        while waiting:
            group = self._fitting(waiting)
            while self._learner.learn(group) is not None:
                waiting = [model for model in waiting if model in self._learner.left]
                group = self._fitting(waiting)
            if group:
                groups.append(group)
            waiting = sorted(set(waiting).difference(group))
        return groups

    def _fitting(self, waiting: Iterable[int]) -> tuple[int, ...]:
        """Models that no known conflict keeps apart: each is taken that can be."""
        group = 0
        for model in waiting:
            if self._known.allow(model, group):
                group |= 1 << model
        return tuple(members(group))
