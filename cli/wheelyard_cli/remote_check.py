"""A check that a registry answers: the question as its API takes it, and the report that comes back."""

from __future__ import annotations

import datetime as dt

from wheelyard_cli.registry_client import RegistryClient
from wheelyard_resolver.applicant import Applicant, Project, Release
from wheelyard_resolver.question import Question
from wheelyard_resolver.report import Report
from wheelyard_resolver.requirement_lines import WrittenRequirement


def ask(
    registry: RegistryClient,
    stage: str,
    question: Question,
    *,
    exclude_newer: dt.datetime | None = None,
    time_limit: float | None = None,
) -> Report:
    """The registry's report. Nothing is built or read there beyond its index: the question carries all that it needs.

    Raises:
        InputError: the registry cannot use the question, and says why.
        Undecided: it could not be asked, or could not answer in time.
    """
    body: dict[str, object] = {
        "stage": stage,
        "slot": question.slot,
        "fail_on": question.fail_on.value,
        "allow_unplaceable": list(question.allowed),
        "every_conflict": question.every_conflict,
        "exclude_newer": None if exclude_newer is None else exclude_newer.isoformat(),
        "time_limit": time_limit,
    }
    return registry.check(body if question.applicant is None else body | _candidate(question.applicant))


def _candidate(applicant: Applicant) -> dict[str, object]:
    if isinstance(applicant, Release):
        return {"release": str(applicant.requirement)}
    if isinstance(applicant, Project):
        python = applicant.requires_python
        return {
            "name": applicant.name,
            "version": str(applicant.version),
            "requires": [_line(line) for line in applicant.requirements],
            "extras": sorted(applicant.asked),
            "provides_extra": sorted(applicant.extras),
            "requires_python": None if python is None or not str(python) else str(python),
        }
    return {"requires": [_line(line) for line in applicant.written]}


def _line(line: WrittenRequirement) -> dict[str, object]:
    return {"requirement": str(line.requirement), "origin": line.origin, "extra": line.extra}
