"""What groups of models turn out to be impossible, learnt by asking about groups as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.condition import Asked, Conditions
from wheelyard_resolver.conflicts import Conflicts, members

Clash: TypeAlias = Callable[[Conditions], Conditions | None]
"""Conditions, each asked or implied by what is, that cannot be met together; None if all that is asked can be.

It must be monotone: what asks for more than something impossible is impossible.
"""


class Learner:
    """Knows conflicts between models, given by what they ask, and asks ``clash`` for more.

    ``left`` are the models that are not known to be impossible on their own.
    """

    def __init__(self, models: Sequence[Conditions], clash: Clash) -> None:
        self.models = models
        self.known = Conflicts(models)
        self.left = dict.fromkeys(range(len(models)))
        self._clash = clash
        self._fine: set[frozenset[int]] = set()

    def learn(self, group: Iterable[int]) -> Conditions | None:
        """A conflict within a group, now known; None if it can be installed."""
        group = frozenset(group)
        if group in self._fine:
            return None
        asked = Asked(condition for model in group for condition in self.models[model])
        conflict = self._clash(asked.strictest())
        if conflict is None:
            self._fine.add(group)
            return None
        for model in members(self.known.add(conflict)):
            self.left.pop(model, None)
        return conflict

    def teach(self, colouring: Colouring, colours: Mapping[int, int]) -> bool:
        """Whether groups by colour can be installed; if not, the colouring is told why."""
        found = [conflict for group in groups_of(colours) if (conflict := self.learn(group)) is not None]
        for conflict in found:
            colouring.forbid(conflict)
        return not found

    def valid(self, colouring: Colouring, out_of_time: Callable[[], bool]) -> Mapping[int, int] | None:
        """Colours with which every group can be installed; None if there are none, or time is up."""
        while not out_of_time():
            colours = colouring.solve(self.left)
            if colours is None or self.teach(colouring, colours):
                return colours
        return None


def groups_of(colours: Mapping[int, int]) -> list[tuple[int, ...]]:
    """The models of each colour in use, sorted, by their first member."""
    groups: dict[int, list[int]] = {}
    for model in sorted(colours):
        groups.setdefault(colours[model], []).append(model)
    return [tuple(group) for group in groups.values()]
