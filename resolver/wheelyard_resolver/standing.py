"""Do the accepted bases still hold: each model in its lock, each package of the lock admitted by the index today?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.as_built import shortfalls, unit_of
from wheelyard_resolver.candidates import why_refused
from wheelyard_resolver.demand import Demand
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import AcceptedBase, Fleet, ModelPackage, RequirementLine
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.verdict import Engine


@dataclass(frozen=True)
class BrokenBase:
    """An accepted base that no longer holds: what is wrong, a sentence each, and the requirement lines concerned."""

    base: str
    problems: tuple[str, ...]
    lines: tuple[RequirementLine, ...]

    @property
    def fingerprint(self) -> str:
        """A short name for the base and what is wrong with it."""
        return hashlib.sha256(json.dumps(["base", self.base, sorted(self.problems)]).encode()).hexdigest()[:16]


def broken_bases(fleet: Fleet, index: Index, memo: Memo | None = None) -> tuple[BrokenBase, ...]:
    """The accepted bases of a fleet that do not hold. Without its lock nothing can be said of a base.

    Raises:
        Undecided: something needed could not be read.
    """
    engines = {target: Engine.for_fleet(index, fleet, target, memo=memo) for target in fleet.targets()}
    found = []
    for base in fleet.bases:
        models = [model for key in base.models if (model := fleet.model(key)) is not None]
        if models and base.versions:
            wrong = list(_wrong(engines[models[0].target], base, models))
            if wrong:
                lines = tuple(line for _, line in wrong if line is not None)
                found.append(BrokenBase(base.name, tuple(problem for problem, _ in wrong), lines))
    return tuple(found)


def _wrong(
    engine: Engine, base: AcceptedBase, models: list[ModelPackage]
) -> Iterator[tuple[str, RequirementLine | None]]:
    for model in models:
        yield from ((str(lack), lack.line) for lack in shortfalls(engine, model, base, models))
    if base.fixed:
        return
    pinned = dict(base.versions)
    for line in engine.constraints:
        version = pinned.get(line.project)
        if version is not None and not line.requirement.specifier.contains(version, prereleases=True):
            yield f"the fleet is constrained to {line.text}, the base has {version}", line
    direct = {line.project for model in models for line in model.lines if line.requirement.url is not None}
    engine.universe.load(pinned)
    for project, version in base.versions:
        if project not in direct:
            yield from ((problem, None) for problem in _wrong_package(engine, project, version, pinned))


def _wrong_package(
    engine: Engine, project: NormalizedName, version: Version, pinned: dict[NormalizedName, Version]
) -> Iterator[str]:
    unit = unit_of(engine, project, version)
    if unit is None:
        yield f"{project} {version} {_why_gone(engine, project, version)}"
        return
    for demand in engine.universe.dependencies(unit) or ():
        if not _met(demand, pinned.get(demand.project)):
            found = pinned.get(demand.project)
            has = "does not have it" if found is None else f"has {found}"
            yield f"{project} {version} depends on {demand}, the base {has}"


def _met(demand: Demand, version: Version | None) -> bool:
    return version is not None and SpecifierSet(demand.specifier).contains(version, prereleases=True)


def _why_gone(engine: Engine, project: NormalizedName, version: Version) -> str:
    page = engine.universe.page(project)
    if page is None:
        return "is no longer in the index, which has no such project"
    only = SpecifierSet(f"=={version}")
    refused = why_refused(page, only, engine.target, engine.universe.policy)
    return f"is in the lock, but it {refused[0][0]}" if refused else "is no longer in the index"
