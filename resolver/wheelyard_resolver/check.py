"""The answer to a check: given here or by a server, the report is the same."""

from __future__ import annotations

from collections.abc import Callable

from wheelyard_resolver.admission import admit
from wheelyard_resolver.applicant import as_model
from wheelyard_resolver.candidate_report import candidate_report
from wheelyard_resolver.fleet_check import check_fleet
from wheelyard_resolver.fleet_report import fleet_report
from wheelyard_resolver.model import Fleet
from wheelyard_resolver.plan import Clock, never, plan
from wheelyard_resolver.question import Question
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.report import Report
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.standing import broken_bases
from wheelyard_resolver.sufficiency import Sufficiency
from wheelyard_resolver.target import Target


def answer(
    question: Question,
    fleet: Fleet,
    index: Recording,
    out_of_time: Clock = never,
    memo: Memo | None = None,
    sufficiency: Callable[[Target], Sufficiency] | None = None,
) -> Report:
    """The report. When time runs out first, its status is "not proved". For ``sufficiency`` see :func:`.admit`.

    Raises:
        InputError: the applicant cannot be used.
        Undecided: something needed could not be read.
        RecheckFailed: an answer did not stand up to the second opinion.
    """
    if question.applicant is not None:
        candidate = as_model(question.applicant, fleet, index, question.slot)
        found = admit(fleet, candidate, index, out_of_time, memo, home=question.home, sufficiency=sufficiency)
        return candidate_report(found, fleet, index.digest(), question.fail_on)
    planned = fleet.planned()
    standing = check_fleet(planned, plan(planned, index, out_of_time, memo), question.allowed)
    broken = broken_bases(fleet, index, memo)
    return fleet_report(standing, broken, index.digest(), every_conflict=question.every_conflict)
