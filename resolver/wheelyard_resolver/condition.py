"""Requirements taken apart into conditions that many models share.

What keeps two models apart is seldom a pair of whole lines: it is that one wants pandas below 2 and the other
something that is only there with pandas 2. Stated in conditions ("pandas below position 57"), what is learnt from
these two holds for every model that asks for as much, however its line is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from packaging.utils import NormalizedName

from wheelyard_resolver.demand import Demand
from wheelyard_resolver.universe import Universe


class Condition(NamedTuple):
    """One thing that is asked of a project.

    ``present``: it is installed. ``from`` and ``below``: if it is, its pick is at this position or a newer one, or
    older than it. ``extra``: so named, it is in force. ``demand``: all of this demand holds, of which the other
    conditions say only a part.
    """

    project: NormalizedName
    kind: Literal["present", "from", "below", "extra", "demand"]
    position: int = 0
    extra: NormalizedName | None = None
    demand: Demand | None = None


Conditions: TypeAlias = frozenset[Condition]


def in_order(conditions: Iterable[Condition]) -> list[Condition]:
    """Conditions by project and kind: the same order in every run."""
    return sorted(
        conditions,
        key=lambda item: (item.project, item.kind, item.position, item.extra or "", str(item.demand or "")),
    )


def conditions_of(universe: Universe, demand: Demand) -> Conditions:
    """The conditions that a demand of a model comes to."""
    project = demand.project
    admitted = universe.positions(demand)
    if not admitted:
        return frozenset((Condition(project, "demand", demand=demand),))
    found = {Condition(project, "present")}
    if admitted[0] > 0:
        found.add(Condition(project, "from", admitted[0]))
    if admitted[-1] + 1 < len(universe.candidates(project).usable):
        found.add(Condition(project, "below", admitted[-1] + 1))
    found.update(Condition(project, "extra", extra=extra) for extra in demand.extras)
    if any(after != before + 1 for before, after in pairwise(admitted)):
        found.add(Condition(project, "demand", demand=demand))
    return frozenset(found)


class Asked:
    """What some models ask for together."""

    def __init__(self, conditions: Iterable[Condition]) -> None:
        self._from: dict[NormalizedName, int] = {}
        self._below: dict[NormalizedName, int] = {}
        self._other: set[Condition] = set()
        for condition in conditions:
            project = condition.project
            if condition.kind == "from":
                self._from[project] = max(condition.position, self._from.get(project, 0))
            elif condition.kind == "below":
                self._below[project] = min(condition.position, self._below.get(project, condition.position))
            else:
                self._other.add(condition)

    def implies(self, condition: Condition) -> bool:
        """Whether a condition is among what is asked, or weaker than something that is."""
        if condition.kind == "from":
            return self._from.get(condition.project, 0) >= condition.position
        if condition.kind == "below":
            below = self._below.get(condition.project)
            return below is not None and below <= condition.position
        return condition in self._other

    def strictest(self) -> Conditions:
        """All that is asked, without what is implied by the rest."""
        return frozenset(
            (
                *(Condition(project, "from", position) for project, position in self._from.items()),
                *(Condition(project, "below", position) for project, position in self._below.items()),
                *self._other,
            )
        )


class Named:
    """The conditions that models name: the bounds of a project stand in the order of their positions."""

    def __init__(self, asked: Iterable[Conditions]) -> None:
        every = {condition for conditions in asked for condition in conditions}
        bounds: dict[tuple[NormalizedName, str], list[Condition]] = {}
        for condition in in_order(item for item in every if item.kind in _BOUNDS):
            bounds.setdefault((condition.project, condition.kind), []).append(condition)
        self._bounds = bounds
        self._others = {condition for condition in every if condition.kind not in _BOUNDS}

    def weaker(self, condition: Condition) -> Sequence[Condition]:
        """The bounds named that one implies, the weakest first."""
        named = self._bounds.get((condition.project, condition.kind), [])
        if condition.kind == "below":
            return [other for other in reversed(named) if other.position > condition.position]
        return [other for other in named if other.position < condition.position]

    def implying(self, condition: Condition) -> Condition | None:
        """The weakest condition named that implies one: whoever asks for that one asks for it; None: nobody does."""
        if condition.kind not in _BOUNDS:
            return condition if condition in self._others else None
        named = self._bounds.get((condition.project, condition.kind), [])
        if condition.kind == "below":
            return next((other for other in reversed(named) if other.position <= condition.position), None)
        return next((other for other in named if other.position >= condition.position), None)


_BOUNDS = ("from", "below")
