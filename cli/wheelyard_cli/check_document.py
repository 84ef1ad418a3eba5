"""What ``check`` found, as JSON: the schema ``wheelyard/check/1``. Keys are added, never removed."""

from __future__ import annotations

from collections.abc import Sequence

from wheelyard_resolver.finding_document import (
    conflict_document,
    lines_document,
    pivot_document,
    unplaceable_document,
)
from wheelyard_resolver.findings import Unplaceable
from wheelyard_resolver.fleet_check import Dispute, FleetCheck, Homeless
from wheelyard_resolver.hints import Hint
from wheelyard_resolver.join import Joining
from wheelyard_resolver.model import Fleet, ModelPackage
from wheelyard_resolver.wording import action, sentence

SCHEMA = "wheelyard/check/1"


def fleet(found: FleetCheck, snapshot: str) -> dict[str, object]:
    """A fleet on its own."""
    return {
        "schema": SCHEMA,
        "fleet": found.fleet.name,
        "stage": found.fleet.stage,
        "snapshot": snapshot,
        "status": "failed" if found.failed else "ok" if found.proved else "not proved",
        "bases_needed": {"at_least": found.at_least, "at_most": found.at_most, "max_bases": found.fleet.max_bases},
        "conflicts": [conflict_document(conflict) for conflict in found.conflicts],
        "pivots": [_dispute(dispute) for dispute in found.disputes],
        "unplaceable": [_homeless(item) for item in found.homeless],
    }


def _dispute(dispute: Dispute) -> dict[str, object]:
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


def _homeless(item: Homeless) -> dict[str, object]:
    return {**unplaceable_document(item.finding), "allowed": item.allowed, "hints": _hints(item.hints)}


def _hints(hints: Sequence[Hint]) -> list[str]:
    return [action(hint) for hint in hints]


def candidate(
    where: Fleet,
    snapshot: str,
    model: ModelPackage,
    joinings: Sequence[Joining],
    kind: str,
    misfit: tuple[Unplaceable, Sequence[Hint]] | None,
) -> dict[str, object]:
    """Whether a candidate can join a fleet: which of its bases, accepted or proposed (``kind``)."""
    joinable = any(joining.refusal is None for joining in joinings)
    return {
        "schema": SCHEMA,
        "fleet": where.name,
        "stage": where.stage,
        "snapshot": snapshot,
        "candidate": {"name": model.key, "requirements": [line.text for line in model.lines]},
        "status": "ok" if joinable else "failed",
        "installable": misfit is None,
        "reason": None if misfit is None else sentence(misfit[0].explanation),
        "hints": [] if misfit is None else _hints(misfit[1]),
        "bases": [_joining(joining, kind) for joining in joinings],
    }


def _joining(joining: Joining, kind: str) -> dict[str, object]:
    refusal = joining.refusal
    conflict = None
    if refusal is not None:
        conflict = {
            "fingerprint": refusal.conflict.fingerprint,
            "models": list(refusal.conflict.models),
            "requirements": lines_document(refusal.conflict.lines),
            "because": sentence(refusal.conflict.explanation),
            "hints": _hints(refusal.hints),
        }
    return {
        "name": joining.base,
        "kind": kind,
        "models": list(joining.models),
        "joins": refusal is None,
        "conflict": conflict,
    }
