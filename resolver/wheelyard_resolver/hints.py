"""Ways out of a conflict, each tried before it is given.

A hint is a change of one thing: a line, a model's release, the fleet's policy. It is given only if with that change
all the models concerned can be installed together. What would have to be read and is out of reach is no error here:
it is a hint the less.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.candidates import version_of
from wheelyard_resolver.demand import Unit
from wheelyard_resolver.errors import Undecided
from wheelyard_resolver.explain import Explanation
from wheelyard_resolver.facts import AllRefused
from wheelyard_resolver.model import CandidatePolicy, ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.page import ProjectPage
from wheelyard_resolver.relaxing import relaxed
from wheelyard_resolver.universe import Universe
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

_RELEASES_TRIED = 5
"""Newer releases of a model that are tried, the newest first."""

_STEPS_TRIED = 3
"""Major releases above a range that are tried one by one, before all at once."""


@dataclass(frozen=True)
class Relax:
    """Write ``relaxed`` for ``line``; ``version`` is a release that this lets in and that makes a solution."""

    line: RequirementLine
    relaxed: RequirementLine
    version: Version


@dataclass(frozen=True)
class UseRelease:
    """Deploy another release of a model: ``model`` in place of version ``replaced``."""

    model: ModelPackage
    replaced: Version


@dataclass(frozen=True)
class AdmitYanked:
    """Let the fleet's policy admit yanked files of a project."""

    project: NormalizedName


@dataclass(frozen=True)
class AdmitPreReleases:
    """Let the fleet's policy admit pre-releases of a project."""

    project: NormalizedName


@dataclass(frozen=True)
class MoveExcludeNewer:
    """Move the fleet's exclude-newer to ``limit``: ``version`` of the project was uploaded just before."""

    project: NormalizedName
    version: Version
    limit: dt.datetime


@dataclass(frozen=True)
class ChangeSeveral:
    """Changing one line of the conflict is not enough, whichever and however: lines ``also`` conflict as well."""

    of: MinimalConflict
    also: tuple[RequirementLine, ...]


Hint: TypeAlias = Relax | UseRelease | AdmitYanked | AdmitPreReleases | MoveExcludeNewer | ChangeSeveral


def find_hints(
    engine: Engine, conflict: MinimalConflict, found: Explanation, company: Sequence[ModelPackage]
) -> tuple[Hint, ...]:
    """Ways out of a conflict for models that are to be installed together, those of the conflict among them."""
    hints = (
        *_newer_releases(engine, conflict, company),
        *(hint for line in conflict.lines if (hint := relaxation(engine, line, company)) is not None),
        *_other_policies(engine, found, company),
    )
    return hints or tuple(_also_in_the_way(engine, conflict, company))


def installs(engine: Engine, lines: Sequence[RequirementLine]) -> bool:
    """Whether lines can be installed together with the fleet's constraints; False if that cannot be found out."""
    with suppress(Undecided):
        return isinstance(engine.solve((*lines, *engine.constraints)), Solution)
    return False


# -- another release of a model -----------------------------------------------------------------------------


def _newer_releases(engine: Engine, conflict: MinimalConflict, company: Sequence[ModelPackage]) -> Iterator[Hint]:
    """For each model of the conflict that comes from the index: its newest later release that is a way out."""
    for model in company:
        if model.key in conflict.models and model.released is not None:
            with suppress(Undecided):
                yield from _newer_release(engine, model, [other for other in company if other is not model])


def _newer_release(engine: Engine, model: ModelPackage, others: Sequence[ModelPackage]) -> Iterator[Hint]:
    versions = engine.universe.candidates(model.name).versions
    later = [place for place, version in enumerate(versions) if version > model.version]
    for position in later[: -_RELEASES_TRIED - 1 : -1]:
        units = [Unit(model.name, position, extra) for extra in (None, *sorted(model.released or ()))]
        demands = [engine.universe.dependencies(unit) for unit in units]
        if any(found is None for found in demands):
            continue
        own = {demand: None for found in demands for demand in found or () if demand.project != model.name}
        lines = tuple(RequirementLine(Requirement(str(demand)), model.key, model.owner) for demand in own)
        newer = replace(model, version=versions[position], lines=lines)
        if installs(engine, lines_of([newer, *others])):
            yield UseRelease(newer, model.version)
            return


# -- another range ------------------------------------------------------------------------------------------


def relaxation(engine: Engine, line: RequirementLine, company: Sequence[ModelPackage]) -> Relax | None:
    """A wider range for a line of the company, or of the fleet's constraints, that is a way out on its own.

    The range grows upwards if that helps, and no further than it must for a few major releases; else downwards.
    """
    lines = (*lines_of(company), *engine.constraints)
    for window in _windows(engine, line):
        with suppress(Undecided):
            change = _within(engine, line, lines, *window)
            if change is not None:
                return change
    return None


def _windows(engine: Engine, line: RequirementLine) -> Iterator[tuple[int, int]]:
    """Where to look for a release that a line should let in: first and last position, the nearest range first."""
    if line.requirement.url is not None:
        return
    versions = engine.universe.candidates(line.project).versions
    admitted = engine.universe.positions(line.demand)
    if not admitted:
        yield 0, len(versions) - 1
        return
    above = range(admitted[-1] + 1, len(versions))
    ends = {str(relaxed(line.requirement, versions[place])): place for place in above}
    yield from ((above.start, last) for last in list(ends.values())[:_STEPS_TRIED])
    yield above.start, above.stop - 1
    yield 0, admitted[0] - 1


def _within(
    engine: Engine, line: RequirementLine, lines: Sequence[RequirementLine], first: int, last: int
) -> Relax | None:
    """The change that lets in the newest release of a window that makes a solution, tried as it will be written."""
    bare = Requirement(str(line.requirement))
    bare.specifier = SpecifierSet()
    free = replace(line, requirement=bare)
    newest = _newest_within(engine, [free if other is line else other for other in lines], line.project, first, last)
    if newest is None:
        return None
    version = engine.universe.candidates(line.project).versions[newest]
    wider = replace(line, requirement=relaxed(line.requirement, version))
    answer = engine.solve([wider if other is line else other for other in lines])
    return Relax(line, wider, version) if isinstance(answer, Solution) else None


def _newest_within(
    engine: Engine, lines: Sequence[RequirementLine], project: NormalizedName, first: int, last: int
) -> int | None:
    newest: int | None = None
    while first <= last:
        answer = engine.solve_within(lines, [(project, first, last)])
        if answer is None:
            break
        newest = answer.positions[project]
        first = newest + 1
    return newest


def _also_in_the_way(engine: Engine, conflict: MinimalConflict, company: Sequence[ModelPackage]) -> Iterator[Hint]:
    """What else conflicts without a line of the conflict, if that is so for each of them."""
    also: list[tuple[RequirementLine, ...]] = []
    with suppress(Undecided):
        for dropped in conflict.lines:
            if dropped.model is None:
                return
            rest = [
                replace(model, lines=tuple(line for line in model.lines if line is not dropped)) for model in company
            ]
            answer = engine.together(rest)
            if isinstance(answer, Solution):
                return
            also.append(answer.lines)
        if also:
            yield ChangeSeveral(conflict, also[0])


def _without(dropped: RequirementLine, model: ModelPackage) -> ModelPackage:
    return replace(model, lines=tuple(line for line in model.lines if line is not dropped))


# -- another policy -----------------------------------------------------------------------------------------


def _other_policies(engine: Engine, found: Explanation, company: Sequence[ModelPackage]) -> Iterator[Hint]:
    """Where releases are refused by the fleet's policy alone: the change of policy that lets them in."""
    refused = {fact.demand.project: fact for fact in found.facts if isinstance(fact, AllRefused)}
    for project, fact in refused.items():
        page = engine.universe.page(project)
        versions = {version for _, of_reason in fact.reasons for version in of_reason}
        for hint, policy in _policies(engine.universe, project, page, versions):
            other = Engine(engine.universe.under(policy), engine.constraints)
            if installs(other, lines_of(company)):
                yield hint


def _policies(
    universe: Universe, project: NormalizedName, page: ProjectPage | None, refused: set[Version]
) -> Iterator[tuple[Hint, CandidatePolicy]]:
    policy = universe.policy
    if project not in policy.yanked:
        yield AdmitYanked(project), replace(policy, yanked=policy.yanked | {project})
    if project not in policy.pre_releases:
        yield AdmitPreReleases(project), replace(policy, pre_releases=policy.pre_releases | {project})
    if policy.exclude_newer is not None and page is not None:
        later = [
            (file.upload_time, version)
            for file in page.files
            if file.upload_time is not None
            and file.upload_time >= policy.exclude_newer
            and (version := version_of(file.filename)) in refused
            and version is not None
        ]
        if later:
            uploaded, version = max(later)
            limit = (uploaded + dt.timedelta(seconds=1)).replace(microsecond=0)
            yield MoveExcludeNewer(project, version, limit), replace(policy, exclude_newer=limit)
