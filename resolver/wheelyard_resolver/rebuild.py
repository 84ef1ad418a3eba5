"""What changes in an accepted base that is locked anew, and which of its models see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.as_built import unit_of
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import AcceptedBase, ModelPackage, lines_of
from wheelyard_resolver.propose import lock
from wheelyard_resolver.recheck import recheck
from wheelyard_resolver.verdict import Engine, Solution


@dataclass(frozen=True)
class LockChange:
    """A package whose version changes (None: it is not there), and the models that reach it, before or after."""

    name: NormalizedName
    before: Version | None
    after: Version | None
    seen_by: tuple[str, ...]


def lock_anew(
    engine: Engine,
    index: Index,
    models: Sequence[ModelPackage],
    solution: Solution,
    held: Mapping[NormalizedName, Version] | None = None,
) -> Mapping[NormalizedName, Version]:
    """The versions of a new lock for models that ``solution`` shows to be installable together, checked again.

    ``held`` are versions to keep where possible.

    Raises:
        Undecided: something needed could not be read.
        RecheckFailed: the lock did not stand up to the second opinion.
    """
    lines = (*lines_of(models), *engine.constraints)
    packages = lock(engine, lines, solution, held)
    recheck(index, engine.target, lines, packages)
    return {package.name: package.version for package in packages}


def lock_changes(
    engine: Engine, models: Sequence[ModelPackage], base: AcceptedBase, new: Mapping[NormalizedName, Version]
) -> tuple[LockChange, ...]:
    """What changes in a base that hosts ``models`` from now on, from its lock to a new one."""
    old = dict(base.versions)
    changed = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
    if not changed:
        return ()
    reached = {model.key: _reached(engine, model, old) | _reached(engine, model, new) for model in models}
    return tuple(
        LockChange(
            name, old.get(name), new.get(name), tuple(sorted(key for key, found in reached.items() if name in found))
        )
        for name in changed
    )


def _reached(engine: Engine, model: ModelPackage, versions: Mapping[NormalizedName, Version]) -> set[NormalizedName]:
    """The packages of a lock that a model's lines lead to. Beyond a release that is gone from the index, none."""
    queue = [line.demand for line in engine.applicable(model.lines)]
    seen: set[tuple[NormalizedName, NormalizedName | None]] = set()
    for demand in queue:  # grows while it is walked
        for extra in (None, *sorted(demand.extras)):
            if demand.project in versions and (demand.project, extra) not in seen:
                seen.add((demand.project, extra))
                unit = unit_of(engine, demand.project, versions[demand.project], extra)
                queue += () if unit is None else engine.universe.dependencies(unit) or ()
    return {project for project, _ in seen}
