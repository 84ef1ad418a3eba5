"""Candidates and dependencies of one target as clauses, added only as far as questions reach.

**Encoding.** The candidates of a project, oldest first, have positions 0 .. n-1. A project has a variable
*present* and, for thresholds i that some clause mentions, *at least i*; its position is always defined, also
while it is absent. "The pick lies in [a, b)" is then two literals, however many releases that is, and
thresholds nobody mentions cost nothing: releases between two thresholds are not yet told apart, and the newest
of them stands for all. A requirement is a variable that implies presence, the interval, its holes and its
extras; requirement lines of models and dependencies of releases share it. A dependency of the pick at i is the
clause *present and at least i and not at least i+1 implies the requirement*.

**Laziness.** A release's dependencies become clauses only when :meth:`Formula.expand` is told to. Every clause
is true of every installation, so "no" from any subset of them is a real no.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from packaging.utils import NormalizedName

from wheelyard_resolver.condition import Condition
from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.sat import Sat
from wheelyard_resolver.universe import Universe

_LONGEST_STEP = 4
"""Candidates read ahead at most."""


class Edge(NamedTuple):
    """A candidate, by position, and a project that it demands something of; None if it is unusable."""

    project: NormalizedName
    position: int
    other: NormalizedName | None


@dataclass(slots=True)
class _Project:
    count: int  # of candidates
    present: int
    thresholds: list[tuple[int, int]] = field(default_factory=list)  # (position, variable), by position
    extras: dict[NormalizedName, int] = field(default_factory=dict)


class Formula:
    """The clauses of a universe.

    With ``guarded``, what a candidate demands of another project (or that it is unusable) holds only while the
    guard of that edge is assumed: explanations ask which edges matter.
    """

    def __init__(self, universe: Universe, *, guarded: bool = False) -> None:
        self.universe = universe
        self.sat = Sat()
        self._guarded = guarded
        self.guards: dict[Edge, int] = {}
        self._true = self.sat.variable(phase=True)
        self.sat.add([self._true])
        self._projects: dict[NormalizedName, _Project] = {}
        self._demands: dict[Demand, int] = {}
        self._limits: dict[Demand, int] = {}
        self._expanded: set[Unit] = set()

    # -- clauses --------------------------------------------------------------------------------------------

    def demand(self, demand: Demand) -> int:
        """The literal "this requirement is in force"."""
        literal = self._demands.get(demand)
        if literal is None:
            project = self._project(demand.project)
            literal = self._demands[demand] = self.sat.variable(phase=False)
            self.sat.add([-literal, project.present])
            for extra in sorted(demand.extras):
                self.sat.add([-literal, self._extra(project, extra)])
            self._confine([-literal], demand)
        return literal

    def limit(self, demand: Demand) -> int:
        """The literal "this constraint is in force": if the project is present at all, its pick is admitted."""
        literal = self._limits.get(demand)
        if literal is None:
            project = self._project(demand.project)
            literal = self._limits[demand] = self.sat.variable(phase=False)
            self._confine([-literal, -project.present], demand)
        return literal

    def condition(self, condition: Condition) -> int:
        """The literal "this condition holds"."""
        if condition.demand is not None:
            return self.demand(condition.demand)
        project = self._project(condition.project)
        if condition.extra is not None:
            return self._extra(project, condition.extra)
        if condition.kind == "present":
            return project.present
        at_least = self._at_least(project, condition.position)
        return at_least if condition.kind == "from" else -at_least

    def _confine(self, premise: list[int], demand: Demand) -> None:
        """Unless a literal of ``premise`` holds, the pick is one that the demand admits."""
        admitted = self.universe.positions(demand)
        if not admitted:
            self.sat.add(premise)
            return
        project = self._project(demand.project)
        self.sat.add([*premise, self._at_least(project, admitted[0])])
        self.sat.add([*premise, -self._at_least(project, admitted[-1] + 1)])
        for before, after in pairwise(admitted):
            if after != before + 1:
                self.sat.add([*premise, -self._at_least(project, before + 1), self._at_least(project, after)])

    def _at_least(self, project: _Project, position: int) -> int:
        """The literal "the pick's position is at least this"."""
        if position <= 0:
            return self._true
        if position >= project.count:
            return -self._true
        place = bisect_left(project.thresholds, (position, 0))
        if place < len(project.thresholds) and project.thresholds[place][0] == position:
            return project.thresholds[place][1]
        variable = self.sat.variable(phase=True)  # newest first
        if place < len(project.thresholds):
            self.sat.add([-project.thresholds[place][1], variable])
        if place > 0:
            self.sat.add([-variable, project.thresholds[place - 1][1]])
        insort(project.thresholds, (position, variable))
        return variable

    def _project(self, name: NormalizedName) -> _Project:
        entry = self._projects.get(name)
        if entry is None:
            entry = _Project(len(self.universe.candidates(name).usable), self.sat.variable(phase=False))
            self._projects[name] = entry
        return entry

    def _extra(self, project: _Project, extra: NormalizedName) -> int:
        literal = project.extras.get(extra)
        if literal is None:
            literal = project.extras[extra] = self.sat.variable(phase=False)
        return literal

    def _guard(self, unit: Unit, other: NormalizedName | None) -> list[int]:
        if not self._guarded:
            return []
        edge = Edge(unit.project, unit.position, other)
        if edge not in self.guards:
            self.guards[edge] = self.sat.variable(phase=False)
        return [-self.guards[edge]]

    def within(self, project: NormalizedName, first: int, last: int) -> tuple[int, int, int]:
        """The literals that together say "the project is present, and its pick lies from first to last"."""
        entry = self._project(project)
        return entry.present, self._at_least(entry, first), -self._at_least(entry, last + 1)

    def expand(self, units: Iterable[Unit]) -> bool:
        """Add the dependencies of these candidates; True if they all were clauses already.

        The pages and the metadata needed are read in two batches.
        """
        wanted = [unit for unit in dict.fromkeys(units) if unit not in self._expanded]
        if not wanted:
            return True
        wanted = list(dict.fromkeys(unit for first in wanted for unit in self._marched(first)))
        self.universe.load_metadata((unit.project, unit.position) for unit in wanted)
        demands = [(unit, self.universe.dependencies(unit)) for unit in wanted]
        self.universe.load(demand.project for _, found in demands if found is not None for demand in found)
        self._expanded.update(wanted)  # only now: what could not be read must be asked for again
        for unit, found in demands:
            project = self._project(unit.project)
            here = [
                -project.present,
                -self._at_least(project, unit.position),
                self._at_least(project, unit.position + 1),
            ]
            if unit.extra is not None:
                here.append(-self._extra(project, unit.extra))
            if found is None:
                self.sat.add([*here, *self._guard(unit, None)])
                continue
            for demand in found:
                self.sat.add([*here, *self._guard(unit, demand.project), self.demand(demand)])
        return False

    def _marched(self, unit: Unit) -> list[Unit]:
        """A candidate, and the next older ones if the newer ones beside it were read before.

        The solver marches down a project whose newest releases do not fit. One by one, every step would be a
        round trip to the index and another answer; so the steps double.
        """
        run = 0
        while run < _LONGEST_STEP and unit._replace(position=unit.position + run + 1) in self._expanded:
            run += 1
        older = (unit._replace(position=place) for place in range(unit.position - 1, unit.position - 1 - run, -1))
        return [unit, *(other for other in older if other.position >= 0 and other not in self._expanded)]

    # -- answers --------------------------------------------------------------------------------------------

    def pick(self, demand: Demand) -> int:
        """After a "yes": the position of the pick of a demanded project; -1 if the project has no candidate.

        The newest of the candidates that the answer does not tell apart, of those that the demand admits if the
        demand is younger than the answer.
        """
        entry = self._project(demand.project)
        first, end = 0, entry.count
        answer = self.sat.answer
        for place, threshold in entry.thresholds:
            if threshold > len(answer):
                continue  # younger than the answer
            if answer[threshold - 1] < 0:
                end = place
                break
            first = place
        admitted = self.universe.positions(demand)
        fitting = bisect_left(admitted, end) - 1
        return admitted[fitting] if fitting >= 0 and admitted[fitting] >= first else end - 1

    def position(self, project: NormalizedName) -> int:
        """After a "yes" that covers all that is known of a project: the position of its pick; -1 if there is none."""
        entry, answer = self._projects[project], self.sat.answer
        place = bisect_left(entry.thresholds, 1, key=lambda threshold: -answer[threshold[1] - 1])
        return (entry.thresholds[place][0] if place < len(entry.thresholds) else entry.count) - 1

    def has(self, unit: Unit) -> bool:
        """Whether the dependencies of a candidate are clauses."""
        return unit in self._expanded
