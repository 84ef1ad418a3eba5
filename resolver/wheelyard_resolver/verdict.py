"""Can these models be installed together? If not, which few of their lines say so?

The answer "yes" comes with a solution that every reached release's dependencies were read for; the answer "no"
with a conflict that is minimal in models first and then in lines: without any one of its models the others can
be installed together, and so can its models without any one of its lines.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName

from wheelyard_resolver.condition import Condition, Conditions, conditions_of, in_order
from wheelyard_resolver.core_metadata import holds
from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.formula import Formula
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import Fleet, ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.target import Target
from wheelyard_resolver.universe import Universe

_SOLUTIONS = 100
"""Solutions remembered at most."""


@dataclass(frozen=True)
class Solution:
    """One way to install some requirement lines together: project to position, and the extras in force."""

    positions: Mapping[NormalizedName, int]
    extras: Mapping[NormalizedName, frozenset[NormalizedName]]

    def satisfies(self, line: RequirementLine, universe: Universe) -> bool:
        """Whether a line holds in it; one of the fleet's, without a model, also where its project is not installed."""
        demand = line.demand
        position = self.positions.get(demand.project)
        if position is None:
            return line.model is None
        extras = demand.extras if line.model is not None else frozenset()
        return position in universe.admits(demand) and extras <= self.extras[demand.project]


@dataclass(frozen=True)
class MinimalConflict:
    """Models (by key, sorted) and the lines of theirs, and of the fleet, that cannot be installed together."""

    models: tuple[str, ...]
    lines: tuple[RequirementLine, ...]


class _Remembered:
    """Answers to earlier questions; they answer most later ones, about less than installs or more than does not."""

    def __init__(self, universe: Universe) -> None:
        self._universe = universe
        self._solutions: deque[Solution] = deque(maxlen=_SOLUTIONS)
        self._cores: dict[frozenset[int], None] = {}

    def add(self, answer: Solution | frozenset[int]) -> None:
        """Keep a solution, or literals of lines that cannot hold together."""
        if isinstance(answer, Solution):
            self._solutions.appendleft(answer)
        else:
            self._cores[answer] = None

    def answer(self, lines: Mapping[int, RequirementLine]) -> Solution | frozenset[int] | None:
        """What is known of lines, by literal."""
        for solution in self._solutions:
            if all(solution.satisfies(line, self._universe) for line in lines.values()):
                return solution
        return next((core for core in self._cores if core <= lines.keys()), None)


class Engine:
    """Answers questions about the models of one target; keeps everything learnt between questions."""

    def __init__(
        self, universe: Universe, constraints: Sequence[RequirementLine] = (), *, guarded: bool = False
    ) -> None:
        self.universe = universe
        self.formula = Formula(universe, guarded=guarded)
        self._remembered = _Remembered(universe)
        self.constraints = self.applicable(constraints)

    @classmethod
    def for_fleet(
        cls, index: Index, fleet: Fleet, target: Target, more: Sequence[ModelPackage] = (), memo: Memo | None = None
    ) -> Engine:
        """An engine for the models of a fleet on one target, and for further candidates.

        All lines that may ever be asked about must be known here: their direct references belong to the
        candidates of the projects that they name.
        """
        direct: dict[NormalizedName, list[str]] = {}
        for line in lines_of((*fleet.models, *more)):
            url = line.requirement.url
            if url is not None and url not in direct.setdefault(line.project, []):
                direct[line.project].append(url)
        return cls(Universe(index, target, fleet.policy, direct, memo), fleet.constraints)

    @property
    def target(self) -> Target:
        """What the models are to be installed on."""
        return self.universe.target

    def guarded(self) -> Engine:
        """A fresh engine over the same universe whose formula has guards (see :class:`Formula`)."""
        return Engine(self.universe, self.constraints, guarded=True)

    def together(self, models: Sequence[ModelPackage]) -> Solution | MinimalConflict:
        """Whether models can be installed together.

        Raises:
            Undecided: a page or metadata that the answer needs cannot be had.
        """
        self.load(models)
        answer = self.solve((*lines_of(models), *self.constraints))
        if isinstance(answer, Solution):
            return answer
        return self._shrink(models, answer)

    def load(self, models: Sequence[ModelPackage]) -> None:
        """Read the pages that the lines of models name, in one batch."""
        self.universe.load(line.project for line in (*self.applicable(lines_of(models)), *self.constraints))

    def applicable(self, lines: Iterable[RequirementLine]) -> tuple[RequirementLine, ...]:
        """The lines whose marker holds on the target."""
        return tuple(line for line in lines if holds(line.requirement.marker, self.target))

    def solve(self, lines: Sequence[RequirementLine]) -> Solution | tuple[RequirementLine, ...]:
        """A solution for lines, or lines that suffice for a "no"."""
        lines = self.applicable(lines)
        named = {self.literal(line): line for line in lines}
        answer = self._remembered.answer(named)
        if answer is None:
            answer = self._search(lines, list(named))
            self._remembered.add(answer)
        if isinstance(answer, Solution):
            return answer
        return tuple(line for line in lines if self.literal(line) in answer)

    def solve_within(
        self, lines: Sequence[RequirementLine], windows: Iterable[tuple[NormalizedName, int, int]]
    ) -> Solution | None:
        """A solution in which these projects are present, with their pick between a first and a last position."""
        lines = self.applicable(lines)
        pinned = [literal for window in windows for literal in self.formula.within(*window)]
        answer = self._search(lines, [*(self.literal(line) for line in lines), *pinned])
        return answer if isinstance(answer, Solution) else None

    def _search(self, lines: Sequence[RequirementLine], literals: Sequence[int]) -> Solution | frozenset[int]:
        """A solution for lines in which the literals hold, or literals that cannot hold together."""
        roots = [line.demand for line in lines if line.model is not None]
        while self.formula.sat.solve([*dict.fromkeys(literals), *self.formula.guards.values()]):
            reached = self.walk(roots)
            if reached is not None:
                return reached
        return self.formula.sat.core().intersection(literals)

    def literal(self, line: RequirementLine) -> int:
        """The selector of a requirement line. Lines that demand the same share it."""
        demand = line.demand
        return self.formula.demand(demand) if line.model is not None else self.formula.limit(demand)

    def walk(self, roots: Sequence[Demand]) -> Solution | None:
        """What the solver's answer installs, from these demands down; None if releases on the way had to be read first.

        It goes on through releases just read as if the answer had known them: mostly the next answer agrees, and
        what is needed is read level by level, in few and large batches.
        """
        positions: dict[NormalizedName, int] = {}
        extras: dict[NormalizedName, set[NormalizedName]] = {}
        known = True
        seen: set[Unit] = set()
        level: Iterable[Demand] = roots
        while level:
            units: dict[Unit, None] = {}
            for demand in level:
                position = positions.get(demand.project)
                if position is None:
                    position = positions[demand.project] = self.formula.pick(demand)
                    extras[demand.project] = set()
                extras[demand.project].update(demand.extras)
                for extra in (None, *sorted(demand.extras)):
                    units[Unit(demand.project, position, extra)] = None
            fresh = [unit for unit in units if unit not in seen and unit.position >= 0]
            known = self.formula.expand(fresh) and known
            seen.update(fresh)
            level = [demand for unit in fresh for demand in self.universe.dependencies(unit) or ()]
        if not known:
            return None
        return Solution(positions, {project: frozenset(names) for project, names in extras.items()})

    # -- conditions -----------------------------------------------------------------------------------------

    def conditions(self, model: ModelPackage) -> Conditions:
        """What a model asks for, taken apart."""
        lines = self.applicable(model.lines)
        return frozenset(item for line in lines for item in conditions_of(self.universe, line.demand))

    def clash(self, asked: Conditions, weaker: Callable[[Condition], Sequence[Condition]]) -> Conditions | None:
        """Conditions that cannot be met together, few and weak, each of them asked or implied; None if all can be.

        ``weaker`` gives the conditions that one implies and that are worth trying in its place, the weakest first.
        """
        core = self._met(asked)
        if core is None:
            return None
        for condition in in_order(core):
            if condition in core:
                smaller = self._met(core - {condition})
                core = core if smaller is None else smaller
        for condition in in_order(core):
            core = self._weakened(core, condition, weaker(condition))
        return core

    def _weakened(self, core: Conditions, condition: Condition, weaker: Sequence[Condition]) -> Conditions:
        """The conflict with one condition as weak as it may be."""
        rest = core - {condition}
        first, last = 0, len(weaker)
        while first < last:
            middle = (first + last) // 2
            if self._met(rest | {weaker[middle]}) is None:
                first = middle + 1
            else:
                last = middle
        return core if first == len(weaker) else rest | {weaker[first]}

    def _met(self, asked: Conditions) -> Conditions | None:
        """Conditions that cannot be met together, if these cannot."""
        literals = {self.formula.condition(condition): condition for condition in in_order(asked)}
        limits = [self.literal(line) for line in self.constraints]
        roots = _roots(asked)
        while self.formula.sat.solve([*literals, *limits, *self.formula.guards.values()]):
            if self.walk(roots) is not None:
                return None
        return frozenset(literals[literal] for literal in self.formula.sat.core() if literal in literals)

    # -- minimal conflicts ----------------------------------------------------------------------------------

    def _shrink(self, models: Sequence[ModelPackage], core: tuple[RequirementLine, ...]) -> MinimalConflict:
        kept = self._fewest_models(models, core)
        lines = self._fewest_lines((*lines_of(kept), *self.constraints))
        return MinimalConflict(models=tuple(sorted(model.key for model in kept)), lines=lines)

    def _fewest_models(self, models: Sequence[ModelPackage], core: Sequence[RequirementLine]) -> list[ModelPackage]:
        """Drop whole models while the rest still conflicts. What is left is minimal: every drop was tried."""
        needed = {line.model for line in core}
        kept = [model for model in models if model.key in needed]
        for model in sorted(kept, key=lambda item: item.key, reverse=True):
            if model not in kept:
                continue
            rest = [other for other in kept if other is not model]
            answer = self.solve((*lines_of(rest), *self.constraints))
            if not isinstance(answer, Solution):
                needed = {line.model for line in answer}
                kept = [other for other in rest if other.key in needed]
        return kept

    def _fewest_lines(self, lines: Sequence[RequirementLine]) -> tuple[RequirementLine, ...]:
        answer = self.solve(lines)
        assert not isinstance(answer, Solution), "these models conflict"
        kept = list(answer)
        for line in reversed(answer):
            if line not in kept:
                continue
            rest = [other for other in kept if other is not line]
            smaller = self.solve(rest)
            if not isinstance(smaller, Solution):
                kept = [other for other in rest if other in smaller]
        return tuple(kept)


def _roots(asked: Conditions) -> list[Demand]:
    """The demands that make the projects present that conditions want present, with their extras."""
    extras: dict[NormalizedName, set[NormalizedName]] = {}
    for condition in asked:
        if condition.extra is not None:
            extras.setdefault(condition.project, set()).add(condition.extra)
    plain = [
        Demand(condition.project, "", frozenset(extras.get(condition.project, ())))
        for condition in in_order(asked)
        if condition.kind == "present"
    ]
    return [*(condition.demand for condition in in_order(asked) if condition.demand is not None), *plain]
