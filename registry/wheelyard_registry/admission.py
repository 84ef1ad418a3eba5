"""What speaks against a deployment, or an upload that is meant for a stage: the workers that solve checks are asked.

A deployment must fit into the base that it names as that is built. An upload must not need one base more.
"""

from __future__ import annotations

from dataclasses import replace

import anyio.to_thread
from packaging.requirements import Requirement
from packaging.version import Version

from wheelyard_registry.catalogue.bases import Bases
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.deployments import Place, Release
from wheelyard_registry.catalogue.stages import AdmissionMode, Stage, Stages
from wheelyard_registry.check_errors import Busy, CheckUndecided, UnusableCandidate
from wheelyard_registry.check_worker import Check
from wheelyard_registry.checks import Checks
from wheelyard_registry.solved import NOT_ASKED, Solved
from wheelyard_resolver import applicant
from wheelyard_resolver.applicant import Applicant
from wheelyard_resolver.levels import Level
from wheelyard_resolver.question import Question
from wheelyard_resolver.report import Finding, Report
from wheelyard_resolver.requirement_lines import WrittenRequirement


class Admission:
    """Asks on behalf of stages, where their setting wants it."""

    def __init__(self, checks: Checks, stages: Stages, bases: Bases, clock: Clock) -> None:
        self._checks = checks
        self._stages = stages
        self._bases = bases
        self._clock = clock

    async def of_deployment(self, place: Place, release: Release) -> Solved:
        """What speaks against a release running at a place, on the base that it names."""
        if release.requires is None:
            asks: Applicant = applicant.Release(Requirement(f"{place.model}=={release.version}"))
        else:
            lines = tuple(WrittenRequirement(Requirement(text)) for text in release.requires)
            asks = applicant.Project(place.model, Version(release.version), lines)
        home = None if release.base is None else release.base.partition("@")[0]
        return await self._solve(place.stage, Question(asks, slot=place.slot, fail_on=Level.REBUILD, home=home))

    async def of_upload(self, stage: str, project: applicant.Project) -> Solved:
        """What speaks against a release that is meant for a stage, before it is there.

        Raises:
            UnknownStage: there is no such stage.
        """
        await anyio.to_thread.run_sync(self._stages.require, stage)
        return await self._solve(stage, Question(project))

    async def _solve(self, stage: str, question: Question) -> Solved:
        configured, accepted = await anyio.to_thread.run_sync(self._setting, stage)
        if configured is None or configured.admission is AdmissionMode.OFF:
            return NOT_ASKED
        if question.fail_on is Level.REBUILD and question.home not in accepted:
            # There is no base to hold it against; that it should name one is known without solving.
            question = replace(question, fail_on=Level.NOT_INSTALLABLE, home=None)
        mode = configured.admission
        try:
            report = await self._checks.ask(Check(question, self._clock(), stage))
        except UnusableCandidate as problem:
            return Solved(mode, (problem.message,))
        except (Busy, CheckUndecided) as problem:
            return Solved(mode, undecided=problem)
        return Solved(mode, objections(report))

    def _setting(self, stage: str) -> tuple[Stage | None, frozenset[str]]:
        standing = self._bases.accepted(stage)
        names = () if standing is None else (base.name for base in standing.bases)
        return self._stages.named(stage), frozenset(names)


def objections(report: Report) -> tuple[str, ...]:
    """The findings that fail, each in one sentence or two.

    The first models of a stage need a base, whatever they require: while none hosts any model, that is no objection.
    """
    if report.level is Level.NEW_BASE and not report.details.get("bases"):
        return ()
    return tuple(_told(finding) for finding in report.findings if finding.counts)


def _told(finding: Finding) -> str:
    lines = [line.strip() for line in finding.text]
    text = " ".join(lines) if lines and lines[-1].endswith(".") else "; ".join(lines)
    return f"{finding.title}: {text}" if text else finding.title
