"""What stands in the way of a fleet as it is, in words and as values for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wheelyard_resolver import finding_text
from wheelyard_resolver.candidate_report import not_installable, places
from wheelyard_resolver.finding_document import conflict_document, pivot_document, unplaceable_document
from wheelyard_resolver.findings import Conflict
from wheelyard_resolver.fleet_check import Dispute, FleetCheck, Homeless
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.report import Finding, Report, fingerprint
from wheelyard_resolver.standing import BrokenBase
from wheelyard_resolver.wording import action, counted, joined


def fleet_report(
    found: FleetCheck, broken: Sequence[BrokenBase], snapshot: str, *, every_conflict: bool = False
) -> Report:
    """The report on a fleet. Models that cannot be installed, broken bases and too many bases fail it.

    With ``every_conflict`` each conflict is a finding of its own, else those that no pivot sums up.
    """
    advice: tuple[str, ...] = ()
    if found.disputes and not every_conflict:
        one, other = found.disputes[0].pivot.conflicts[0].models
        advice = (f"to see why two models conflict, and what would help: wheelyard explain {one} {other}",)
    return Report(
        verdict=_verdict(found),
        findings=tuple(_findings(found, broken, every_conflict=every_conflict)),
        proved=found.proved,
        advice=advice,
        details={
            "fleet": found.fleet.name,
            "stage": found.fleet.stage,
            "snapshot": snapshot,
            "bases_needed": {
                "at_least": found.at_least,
                "at_most": found.at_most,
                "max_bases": found.fleet.max_bases,
            },
            "conflicts": [conflict_document(conflict) for conflict in found.conflicts],
            "pivots": [_dispute_document(dispute) for dispute in found.disputes],
            "unplaceable": [_homeless_document(item) for item in found.homeless],
            "broken_bases": [{"name": base.base, "problems": list(base.problems)} for base in broken],
        },
    )


def _verdict(found: FleetCheck) -> str:
    placed = len(found.fleet.models) - len(found.homeless)
    of = f" of {len(found.fleet.models)}" if found.homeless else ""
    noun, verb = ("model", "needs") if placed == 1 and not of else ("models", "need")
    verdict = f"{found.fleet.name} ({found.fleet.stage}): {placed}{of} {noun} {verb} {counted(found.at_most, 'base')}"
    if found.at_least == found.at_most:
        verdict += ", fewer is impossible (proved)"
    else:
        verdict += f" (at least {found.at_least}, proved; fewer than {found.at_most} not found)"
    if found.fleet.max_bases is not None:
        verdict += f"; {found.fleet.max_bases} allowed"
    return verdict


def _findings(found: FleetCheck, broken: Sequence[BrokenBase], *, every_conflict: bool) -> Iterator[Finding]:
    for item in found.homeless:
        yield not_installable(item.finding, item.hints, fails=True, known="allowed" if item.allowed else None)
    yield from (_broken(base) for base in broken)
    limit = found.fleet.max_bases
    if limit is not None and found.at_least > limit:
        name = fingerprint("max-bases", found.fleet.name, found.fleet.stage, found.at_least, limit)
        title = f"{found.fleet.name} needs {counted(found.at_least, 'base')}, {limit} allowed"
        yield Finding("max-bases", name, title, fails=True)
    several = len(found.fleet.targets()) > 1
    yield from (_dispute(dispute, with_target=several) for dispute in found.disputes)
    yield from (_conflict(conflict) for conflict in (found.conflicts if every_conflict else found.apart()))


def _broken(base: BrokenBase) -> Finding:
    title = f"{base.base} no longer holds"
    return Finding("broken-base", base.fingerprint, title, base.problems, (), places(base.lines), fails=True)


def _dispute(dispute: Dispute, *, with_target: bool) -> Finding:
    title, *wants = finding_text.dispute(dispute, with_target=with_target)
    pivot = dispute.pivot
    lines = _each(line for conflict in pivot.conflicts for line in conflict.lines)
    return Finding(
        rule="pivot",
        fingerprint=fingerprint("pivot", pivot.project, str(pivot.target)),
        title=title,
        text=tuple(wants),
        hints=() if dispute.relief is None else (finding_text.relief(dispute.relief),),
        places=places(lines),
    )


def _each(lines: Iterable[RequirementLine]) -> list[RequirementLine]:
    """The lines, each once: by identity, for hashing thousands of them takes long."""
    return list({id(line): line for line in lines}.values())


def _conflict(conflict: Conflict) -> Finding:
    return Finding(
        rule="conflict",
        fingerprint=conflict.fingerprint,
        title=f"{joined(conflict.models)} conflict",
        text=tuple(finding_text.explanation(conflict.explanation)),
        places=places(conflict.lines),
    )


# -- for programs ---------------------------------------------------------------------------------------------------


def _dispute_document(dispute: Dispute) -> dict[str, object]:
    relief = dispute.relief
    if relief is None:
        return {**pivot_document(dispute.pivot), "relief": None}
    found = {
        "hint": action(relief.change),
        "requirement": str(relief.change.relaxed.requirement),
        "frees": list(relief.freed),
        "blocked": list(relief.blocked),
    }
    return {**pivot_document(dispute.pivot), "relief": {"model": relief.change.line.model, **found}}


def _homeless_document(item: Homeless) -> dict[str, object]:
    hints = [action(hint) for hint in item.hints]
    return {**unplaceable_document(item.finding), "allowed": item.allowed, "hints": hints}
