"""What groups of models turn out to be impossible, learnt by asking about groups as they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.condition import Asked, Conditions, Named
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
        self._take(conflict)
        return conflict

    def recall(self, conflicts: Iterable[Conditions]) -> None:
        """Know conflicts that were learnt before about other models, as far as these ask for their conditions."""
        named = Named(self.models)
        for conflict in conflicts:
            restated = [named.implying(condition) for condition in conflict]
            if None not in restated:
                self._take(frozenset(condition for condition in restated if condition is not None))

    def _take(self, conflict: Conditions) -> None:
        for model in members(self.known.add(conflict)):
            self.left.pop(model, None)

    def first_fit(self) -> list[tuple[int, ...]]:
        """A valid grouping to start from: one group after the other takes what it can of the models that are left."""
        groups: list[tuple[int, ...]] = []
        waiting = list(self.left)
        while waiting:
            group = self._fitting(waiting)
            while self.learn(group) is not None:
                waiting = [model for model in waiting if model in self.left]
                group = self._fitting(waiting)
            if group:
                groups.append(group)
            waiting = [model for model in waiting if model not in group]
        return groups

    def _fitting(self, waiting: Iterable[int]) -> tuple[int, ...]:
        """Models that no known conflict keeps apart: each is taken that can be."""
        group = 0
        for model in waiting:
            if self.known.allow(model, group):
                group |= 1 << model
        return tuple(members(group))

    def check(self, colours: Mapping[int, int]) -> bool:
        """Whether the groups by colour can be installed; if not, it is known then why."""
        found = [self.learn(group) for group in groups_of(colours)]  # of each group: they cost more to come by
        return all(conflict is None for conflict in found)

    def attempt(
        self,
        colouring: Colouring,
        effort: int,
        out_of_time: Callable[[], bool],
        fixed: Mapping[int, int] | None = None,
    ) -> Mapping[int, int] | Literal[False] | None:
        """Colours with which every group can be installed; False if there are none.

        None: time is up, or so many conflicts of the solver for one question do not tell. Models that ask for nothing
        beyond what another asks for take its colour, unless some are ``fixed``: then each model's colour is searched.
        """
        stronger = self.known.stronger(self.left) if fixed is None else {}
        while not out_of_time():
            colouring.forbid(self.known.found)
            found = colouring.extend([model for model in self.left if model not in stronger], fixed or {}, effort)
            if not found:
                return found
            colours = {model: found[_strongest(model, stronger)] for model in self.left}
            if self.check(colours):
                return colours
            if len(colours) > len(self.left):  # what was stronger may fit in no group at all
                stronger = self.known.stronger(self.left) if fixed is None else {}
        return None


def _strongest(model: int, stronger: Mapping[int, int]) -> int:
    while model in stronger:
        model = stronger[model]
    return model


def groups_of(colours: Mapping[int, int]) -> list[tuple[int, ...]]:
    """The models of each colour in use, sorted, by their first member."""
    groups: dict[int, list[int]] = {}
    for model in sorted(colours):
        groups.setdefault(colours[model], []).append(model)
    return [tuple(group) for group in groups.values()]
