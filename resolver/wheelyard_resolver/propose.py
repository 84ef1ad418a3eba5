"""From a fleet to a proposal: the fewest bases, their locks, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, product

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.demand import Unit
from wheelyard_resolver.explain import explain
from wheelyard_resolver.findings import Conflict
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import AcceptedBase, Fleet, ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.moved import Moved
from wheelyard_resolver.pick import pick_versions
from wheelyard_resolver.pivots import Pivot, find_pivots
from wheelyard_resolver.plan import Clock, TargetPlan, never, plan, twins_of
from wheelyard_resolver.proposal import Base, LockedPackage, Proposal
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.recheck import recheck
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verdict import Engine, Solution


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
        moved=_moved(plans),
    )


def _moved(plans: Sequence[TargetPlan]) -> Moved | None:
    """On all targets; None if no base is accepted."""
    found = [plan.moved for plan in plans if plan.moved is not None]
    return Moved(sum(each.models for each in found), sum(each.at_least for each in found)) if found else None


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
