"""Can versions that were pinned be completed to an installation? Asked hundreds of times for one lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from packaging.utils import NormalizedName

from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.verdict import Engine, Solution

_Slot: TypeAlias = tuple[NormalizedName, NormalizedName | None]
"""A project, or one extra of it."""


class Completion:
    """Completes pins (project to position) to installations of requirement lines.

    The last installation found answers most questions: pins are added one by one, and mostly it has the next one too.
    """

    def __init__(self, engine: Engine, lines: Sequence[RequirementLine], first: Solution) -> None:
        applicable = engine.applicable(lines)
        self._engine = engine
        self._roots = [line.demand for line in applicable if line.model is not None]
        self._literals = list(dict.fromkeys(engine.literal(line) for line in applicable))
        self._pinned: dict[tuple[NormalizedName, int], tuple[int, ...]] = {}
        self._edges: dict[Unit, tuple[_Slot, ...]] = {}
        self._last = first.positions

    def possible(self, pins: Mapping[NormalizedName, int]) -> bool:
        """Whether there is an installation of the lines that has these pins."""
        if all(self._last.get(project) == position for project, position in pins.items()):
            return True
        found = self._installation(pins)
        self._last = found or self._last
        return found is not None

    def _installation(self, pins: Mapping[NormalizedName, int]) -> Mapping[NormalizedName, int] | None:
        formula = self._engine.formula
        pinned = [literal for pin in pins.items() for literal in self._literals_of(pin)]
        while formula.sat.solve([*self._literals, *pinned, *formula.guards.values()]):
            reached = self._reached()
            if reached is None:
                walked = self._engine.walk(self._roots)
                reached = None if walked is None else walked.positions
            if reached is not None:
                return reached
        return None

    def _reached(self) -> Mapping[NormalizedName, int] | None:
        """What the solver's answer installs; None if a release of it is not known yet, which the engine's walk reads.

        The answer has most releases in common with the one before, so what each leads to is kept.
        """
        positions: dict[NormalizedName, int] = {}
        slots = dict.fromkeys(_slots(self._roots))
        todo = list(slots)
        for project, extra in todo:  # grows while it is walked
            position = positions.get(project)
            if position is None:
                position = positions[project] = self._engine.formula.position(project)
            edges = self._edges_of(Unit(project, position, extra))
            if edges is None:
                return None
            fresh = [slot for slot in edges if slot not in slots]
            slots.update(dict.fromkeys(fresh))
            todo += fresh
        return positions

    def _edges_of(self, unit: Unit) -> tuple[_Slot, ...] | None:
        edges = self._edges.get(unit)
        if edges is None and self._engine.formula.has(unit):
            edges = self._edges[unit] = tuple(_slots(self._engine.universe.dependencies(unit) or ()))
        return edges

    def _literals_of(self, pin: tuple[NormalizedName, int]) -> tuple[int, ...]:
        found = self._pinned.get(pin)
        if found is None:
            project, position = pin
            found = self._pinned[pin] = self._engine.formula.within(project, position, position)
        return found


def _slots(demands: Iterable[Demand]) -> dict[_Slot, None]:
    return {(demand.project, extra): None for demand in demands for extra in (None, *sorted(demand.extras))}
