"""From a fleet to a proposal: the fewest bases, their locks, and what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, count, product

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.explain import Explanation, explain
from wheelyard_resolver.facts import WrongPython
from wheelyard_resolver.findings import Conflict, Unplaceable
from wheelyard_resolver.grouping import Grouper, Grouping, Nodes
from wheelyard_resolver.index import Index
from wheelyard_resolver.keeping import keep_in_place
from wheelyard_resolver.model import AcceptedBase, Fleet, ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.pick import pick_versions
from wheelyard_resolver.pivots import Pivot, find_pivots
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.recheck import recheck
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.target import Target
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

Clock = Callable[[], bool]
"""Tells whether time is up."""


def never() -> bool:
    """The clock of someone who has all the time."""
    return False


@dataclass(frozen=True)
class TargetPlan:
    """How the models of one target group: the grouping is over ``models``, each of which is placeable.

    ``accepted`` has, for each group, the accepted base that it goes on with; None: a new one.
    """

    engine: Engine
    models: tuple[ModelPackage, ...]
    grouping: Grouping
    conflicts: tuple[MinimalConflict, ...]
    unplaceable: tuple[Unplaceable, ...]
    accepted: tuple[AcceptedBase | None, ...]

    def groups(self) -> list[tuple[ModelPackage, ...]]:
        """The models of each group."""
        return [tuple(self.models[node] for node in group) for group in self.grouping.groups]


def plan(fleet: Fleet, index: Index, out_of_time: Clock = never, memo: Memo | None = None) -> tuple[TargetPlan, ...]:
    """How the models of each target group.

    When time runs out before a number of groups is proved least, the best found is returned, not minimal.

    Raises:
        Undecided: something needed could not be read.
    """
    return tuple(plan_target(fleet, index, target, out_of_time, memo) for target in fleet.targets())


def propose(fleet: Fleet, recording: Recording, out_of_time: Clock = never, memo: Memo | None = None) -> Proposal:
    """The fewest bases that cover the fleet, with their locks. The index is read through ``recording``.

    Raises:
        Undecided: something needed could not be read.
        RecheckFailed: an answer did not stand up to the second opinion.
    """
    return proposal_of(fleet, plan(fleet, recording, out_of_time, memo), recording)


def proposal_of(fleet: Fleet, plans: Sequence[TargetPlan], recording: Recording) -> Proposal:
    """The proposal that plans lead to. Raises as :func:`propose` does."""
    taken = {base.name for plan in plans for base in plan.accepted if base is not None}
    names = (name for name in base_names() if name not in taken)
    conflicts = tuple(conflict for plan in plans for conflict in conflicts_of(plan))
    bases = tuple(
        _base(accepted or AcceptedBase(next(names), ()), plan.engine, recording, group)
        for plan in plans
        for group, accepted in zip(plan.groups(), plan.accepted, strict=True)
    )
    return Proposal(
        fleet=fleet.name,
        stage=fleet.stage,
        snapshot=recording.digest(),
        minimal=all(plan.grouping.minimal for plan in plans),
        lower_bound=sum(plan.grouping.lower_bound for plan in plans),
        bases=bases,
        conflicts=conflicts,
        pivots=tuple(pivot for plan in plans for pivot in pivots_of(plan, conflicts)),
        unplaceable=tuple(item for plan in plans for item in plan.unplaceable),
        models=fleet.models,
    )


def base_names() -> Iterator[str]:
    """base-a ... base-z, base-aa, base-ab ..."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for length in count(1):
        for name in product(letters, repeat=length):
            yield f"base-{''.join(name)}"


def conflicts_of(plan: TargetPlan) -> tuple[Conflict, ...]:
    """The conflicts that a plan's grouping rests on, explained."""
    engine = plan.engine
    return tuple(Conflict(engine.target, found.models, found.lines, explain(engine, found)) for found in plan.conflicts)


def pivots_of(plan: TargetPlan, conflicts: Sequence[Conflict]) -> tuple[Pivot, ...]:
    """The projects that the conflicts of a plan's target are about."""
    engine = plan.engine
    own = [conflict for conflict in conflicts if conflict.target == engine.target]
    return find_pivots(engine.universe, own, twins_of(engine, plan.models))


# -- one target ---------------------------------------------------------------------------------------------


def plan_target(
    fleet: Fleet, index: Index, target: Target, out_of_time: Clock = never, memo: Memo | None = None
) -> TargetPlan:
    """Group the models of one target."""
    engine = Engine.for_fleet(index, fleet, target, memo=memo)
    models = sorted((model for model in fleet.models if model.target == target), key=lambda model: model.key)
    engine.load(models)
    fitting = [model for model in models if _python_misfit(engine, model) is None]
    homes = [base for base in fleet.bases if any(model.key in base.models for model in fitting)]
    twins = _apart(twins_of(engine, fitting), homes)
    oracle = _Oracle(engine, [same[0] for same in twins])
    found = Grouper(len(twins), oracle.conflict_within, oracle.direct_conflicts(), out_of_time).search()
    homeless = {twin.key for node in found.unplaceable for twin in twins[node]}
    placeable = tuple(model for model in fitting if model.key not in homeless)
    place = {model.key: node for node, model in enumerate(placeable)}
    groups = sorted(
        (tuple(sorted(place[twin.key] for node in group for twin in twins[node])), home)
        for group, home in _kept(found, twins, homes, oracle, out_of_time)
    )
    unplaceable = [reason for model in models if (reason := _unplaceable(engine, model, placeable)) is not None]
    return TargetPlan(
        engine=engine,
        models=placeable,
        grouping=Grouping(tuple(group for group, _ in groups), (), found.lower_bound, ()),
        conflicts=tuple(oracle.conflicts[nodes] for nodes in sorted(found.conflicts, key=sorted)),
        unplaceable=tuple(unplaceable),
        accepted=tuple(None if home < 0 else homes[home] for _, home in groups),
    )


def _apart(twins: Sequence[Sequence[ModelPackage]], homes: Sequence[AcceptedBase]) -> list[tuple[ModelPackage, ...]]:
    """Twins that live in the same accepted base, or in none: these stay or move together."""
    found: list[tuple[ModelPackage, ...]] = []
    for same in twins:
        by_home: dict[int, list[ModelPackage]] = {}
        for model in same:
            by_home.setdefault(_home(model, homes), []).append(model)
        found += [tuple(models) for models in by_home.values()]
    return sorted(found, key=lambda same: same[0].key)


def _home(model: ModelPackage, homes: Sequence[AcceptedBase]) -> int:
    return next((place for place, base in enumerate(homes) if model.key in base.models), -1)


def _kept(
    found: Grouping,
    twins: Sequence[Sequence[ModelPackage]],
    homes: Sequence[AcceptedBase],
    oracle: _Oracle,
    out_of_time: Clock,
) -> list[tuple[Nodes, int]]:
    """The groups, moved as little as possible from the accepted bases, each with its base's place or -1."""
    asis = [(frozenset(group), -1) for group in found.groups]
    if not homes:
        return asis
    nodes = [node for node in range(len(twins)) if node not in found.unplaceable]
    place = {node: number for number, node in enumerate(nodes)}

    def conflict_within(group: Nodes) -> Nodes | None:
        conflict = oracle.conflict_within(frozenset(nodes[number] for number in group))
        return None if conflict is None else frozenset(place[node] for node in conflict)

    home_of = [_home(twins[node][0], homes) for node in nodes]
    known = [frozenset(place[node] for node in conflict) for conflict in found.conflicts if len(conflict) > 1]
    kept = keep_in_place(
        [None if home < 0 else home for home in home_of], len(found.groups), conflict_within, known, out_of_time
    )
    if kept is None:
        return asis
    return [(frozenset(nodes[number] for number in group), -1 if home is None else home) for group, home in kept.groups]


def _unplaceable(engine: Engine, model: ModelPackage, placeable: Collection[ModelPackage]) -> Unplaceable | None:
    return None if model in placeable else why_unplaceable(engine, model)


def _python_misfit(engine: Engine, model: ModelPackage) -> WrongPython | None:
    if model.requires_python is None or model.requires_python.contains(engine.target.python, prereleases=True):
        return None
    return WrongPython(model.key, model.requires_python, engine.target)


def why_unplaceable(engine: Engine, model: ModelPackage) -> Unplaceable | None:
    """Why no environment of the target can host a model; None if one can."""
    misfit = _python_misfit(engine, model)
    if misfit is not None:
        return Unplaceable(model.key, Explanation(engine.target, (model.key,), (misfit,)))
    answer = engine.together([model])
    return None if isinstance(answer, Solution) else Unplaceable(model.key, explain(engine, answer), answer.lines)


def twins_of(engine: Engine, models: Sequence[ModelPackage]) -> list[list[ModelPackage]]:
    """Models with the same requirement lines, together: what holds for one holds for all."""
    found: dict[frozenset[Demand], list[ModelPackage]] = {}
    for model in models:
        demands = frozenset(line.demand for line in engine.applicable(model.lines))
        found.setdefault(demands, []).append(model)
    return list(found.values())


class _Oracle:
    """Answers the grouper in terms of models' indices, and keeps the conflicts it names."""

    def __init__(self, engine: Engine, models: Sequence[ModelPackage]) -> None:
        self._engine = engine
        self._models = models
        self.conflicts: dict[Nodes, MinimalConflict] = {}

    def conflict_within(self, nodes: Nodes) -> Nodes | None:
        members = {self._models[node].key: node for node in sorted(nodes)}
        answer = self._engine.together([self._models[node] for node in sorted(nodes)])
        if isinstance(answer, Solution):
            return None
        found = frozenset(members[key] for key in answer.models)
        self.conflicts[found] = answer
        return found

    def direct_conflicts(self) -> list[Nodes]:
        """Pairs of models that demand disjoint releases of one project: seen without asking the solver."""
        by_project: dict[NormalizedName, list[tuple[int, RequirementLine, frozenset[int]]]] = {}
        for node, model in enumerate(self._models):
            for line in self._engine.applicable(model.lines):
                admitted = frozenset(self._engine.universe.positions(line.demand))
                by_project.setdefault(line.project, []).append((node, line, admitted))
        for project in sorted(by_project):
            for one, other in combinations(by_project[project], 2):
                if one[0] != other[0] and not one[2] & other[2]:
                    nodes = frozenset((one[0], other[0]))
                    names = tuple(sorted(self._models[node].key for node in nodes))
                    self.conflicts.setdefault(nodes, MinimalConflict(names, (one[1], other[1])))
        return list(self.conflicts)


# -- locks --------------------------------------------------------------------------------------------------


def _base(accepted: AcceptedBase, engine: Engine, index: Index, models: Sequence[ModelPackage]) -> Base:
    lines = (*lines_of(models), *engine.constraints)
    solution = engine.solve(lines)
    assert isinstance(solution, Solution), "the grouping was verified"
    packages = lock(engine, lines, solution, dict(accepted.versions))
    recheck(index, engine.target, lines, packages)
    base = Base(accepted.name, engine.target, tuple(model.key for model in models), packages)
    return replace(base, snapshot=accepted.snapshot) if base.revision == accepted.revision else base


def lock(
    engine: Engine,
    lines: Sequence[RequirementLine],
    solution: Solution,
    preferred: Mapping[NormalizedName, Version] | None = None,
) -> tuple[LockedPackage, ...]:
    """The packages to install for lines that ``solution`` shows to be installable, by name.

    ``preferred`` are versions to keep where possible.
    """
    positions = pick_versions(engine, lines, solution, preferred)
    extras = _extras_in_force(engine, lines, positions)
    packages = []
    for project, position in sorted(positions.items()):
        candidate = engine.universe.candidates(project).usable[position]
        units = [Unit(project, position, extra) for extra in (None, *sorted(extras.get(project, ())))]
        needed = {demand.project for unit in units for demand in engine.universe.dependencies(unit) or ()}
        dependencies = tuple(sorted(needed - {project}))
        packages.append(
            LockedPackage(
                project, candidate.version, candidate.wheel, dependencies, engine.universe.index_of(candidate)
            )
        )
    return tuple(packages)


def _extras_in_force(
    engine: Engine, lines: Sequence[RequirementLine], positions: Mapping[NormalizedName, int]
) -> dict[NormalizedName, set[NormalizedName]]:
    found: dict[NormalizedName, set[NormalizedName]] = {}
    queue = [line.demand for line in engine.applicable(lines) if line.model is not None]
    seen: set[Unit] = set()
    for demand in queue:  # grows while it is walked
        found.setdefault(demand.project, set()).update(demand.extras)
        for extra in (None, *sorted(demand.extras)):
            unit = Unit(demand.project, positions[demand.project], extra)
            if unit not in seen:
                seen.add(unit)
                queue.extend(engine.universe.dependencies(unit) or ())
    return found
