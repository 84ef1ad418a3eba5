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

from collections.abc import Callable
from dataclasses import dataclass

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.conflicts import bits
from wheelyard_resolver.first_grouping import first_grouping
from wheelyard_resolver.learning import Learner, groups_of

EFFORT = 20_000
"""Conflicts of the solver: for a first try at a number of colours, and to find few models for a proof."""


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
        self._best: list[tuple[int, ...]] = []
        self._bound = 0
        self._clique: list[int] = []
        self._refuted: Colouring | None = None
        """What shows the bound: with one colour fewer there is no answer. None: the clique shows it."""

    def search(self) -> Grouping:
        """The fewest groups; when time runs out, a valid grouping with the lower bound proved so far."""
        self._begin()
        effort = EFFORT
        while self._bound < len(self._best) and not self._out_of_time():
            self._narrow(effort)
            effort *= 2
        if self._bound == len(self._best):
            self._best = self._first(self._best)
        unplaceable = tuple(model for model in range(len(self._learner.models)) if model not in self._learner.left)
        needed = self._clique if self._refuted is None else sorted({*self._clique, *_few(self._refuted)})
        self._rest_on(self._clique)
        return Grouping(tuple(self._best), unplaceable, self._bound, tuple(needed))

    def suffice(self, colours: int) -> bool | None:
        """Whether so many groups suffice; None: time ran out."""
        self._begin()
        effort = EFFORT
        while self._bound <= colours < len(self._best) and not self._out_of_time():
            self._try(colours, effort)
            effort *= 2
        self._rest_on(self._clique)
        return False if self._bound > colours else True if len(self._best) <= colours else None

    def _begin(self) -> None:
        self._best = self._learner.first_fit()
        self._raise_to_clique()

    def _narrow(self, effort: int) -> None:
        """Bring bound and best nearer to each other by halves.

        Where they meet it may be hard to tell: then more colours are tried, and what is learnt with them helps below.
        """
        least = self._bound
        while least < len(self._best) and not self._out_of_time():
            colours = (least + len(self._best) - 1) // 2
            self._try(colours, effort)
            self._raise_to_clique()
            least = max(self._bound, least if len(self._best) <= colours else colours + 1)

    def _raise_to_clique(self) -> None:
        clique = self._known.clique(bits(self._learner.left))
        if len(clique) > self._bound:
            self._bound = len(clique)
            self._rest_on(sorted(clique))

    def _rest_on(self, clique: list[int], refuted: Colouring | None = None) -> None:
        if self._refuted is not None:
            self._refuted.close()
        self._clique, self._refuted = clique, refuted

    def _try(self, colours: int, effort: int) -> None:
        """Find a grouping with so many colours, or prove that there is none, if the effort suffices."""
        clique = self._known.clique(bits(self._learner.left))
        colouring = Colouring(self._learner.models, colours)
        colouring.pin(clique)
        found = self._learner.attempt(colouring, effort, self._out_of_time)
        if found is False:
            self._bound = colours + 1
            self._rest_on(sorted(clique), colouring)
            return
        if found:
            self._best = groups_of(found)
        colouring.close()

    def _first(self, best: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        colouring = Colouring(self._learner.models, len(best))
        colours = {model: colour for colour, group in enumerate(best) for model in group}
        first = first_grouping(self._learner, colouring, colours, self._out_of_time)
        colouring.close()
        return groups_of(first)


def _few(colouring: Colouring) -> list[int]:
    """After a "no": models that suffice for it, without those that can be seen to be spared."""
    kept = colouring.core()
    end = colouring.effort + EFFORT
    for model in reversed(kept):
        rest = [other for other in kept if other != model]
        effort = end - colouring.effort
        if len(rest) < len(kept) and effort > 0 and colouring.extend(rest, {}, effort) is False:
            kept = colouring.core()
    return kept
