"""Of many groupings, the first: each model in turn has the lowest colour that the earlier ones leave possible.

So groups are filled in the order of the models' names, and the answer does not depend on which grouping, or which
conflict, happened to be found first. To show that a model cannot have a lower colour may be as hard as any question,
though: of a fleet of hundreds it is not worth minutes. The effort is limited, in the solver's conflicts and not in
time, so that the answer is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import takewhile

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.conflicts import bits
from wheelyard_resolver.learning import Learner

EFFORT = 20_000
"""Conflicts of the solver in all."""

EFFORT_FOR_ONE = 200
"""Conflicts of the solver for one question; a colour not shown possible with them is taken to be impossible."""


def first_grouping(
    learner: Learner, colouring: Colouring, valid: Mapping[int, int], out_of_time: Callable[[], bool]
) -> Mapping[int, int]:
    """The first of the valid colours, as far as the effort shows it.

    ``valid`` are colours that are: they are returned if neither the effort nor the time suffices for others.
    """
    colouring.prefer(valid)
    search = _Search(learner, colouring)
    while not out_of_time():
        colours = search.fix_all()
        if colours is None:
            break
        if learner.check(colours):
            return colours
        search.keep_possible()
    return valid


class _Search:
    def __init__(self, learner: Learner, colouring: Colouring) -> None:
        self._colouring = colouring
        self._colouring.forbid(learner.known.found)
        self._left = list(learner.left)
        self._known = learner.known
        self._fixed: dict[int, int] = {}
        self._end = colouring.effort + EFFORT

    def fix_all(self) -> Mapping[int, int] | None:
        """Give each model that is not fixed yet, in turn, the lowest colour possible."""
        groups = [
            bits(model for model, fixed in self._fixed.items() if fixed == colour)
            for colour in range(self._colouring.colours)
        ]
        shown = self._extended(self._fixed)
        if shown is None:
            return None
        for model in self._left:
            if model in self._fixed:
                continue
            # The last answer shows one colour possible; only those before it need asking.
            for colour in takewhile(shown[model].__ne__, self._colouring.order(model)):
                if not self._known.allow(model, groups[colour]):
                    continue
                lower = self._extended({**self._fixed, model: colour})
                if lower is not None:
                    shown = lower
                    break
            self._fixed[model] = shown[model]
            groups[shown[model]] |= 1 << model
        return self._fixed

    def keep_possible(self) -> None:
        """Unfix the models from the first one on whose colour is not shown possible any more, by what was learnt."""
        self._colouring.forbid(self._known.found)
        order = list(self._fixed.items())
        possible, impossible = 0, len(order) + 1
        while impossible - possible > 1:
            middle = (possible + impossible) // 2
            if self._extended(dict(order[:middle])) is not None:
                possible = middle
            else:
                impossible = middle
        self._fixed = dict(order[:possible])

    def _extended(self, fixed: Mapping[int, int]) -> Mapping[int, int] | None:
        effort = min(EFFORT_FOR_ONE, self._end - self._colouring.effort)
        return self._colouring.extend(self._left, fixed, effort) or None if effort > 0 else None
