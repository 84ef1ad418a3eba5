"""Findings as JSON-ready values: the same in every document that holds them."""

from __future__ import annotations

from collections.abc import Iterable

from wheelyard_resolver import wording
from wheelyard_resolver.demand import written
from wheelyard_resolver.findings import Conflict, Unplaceable
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.pivots import Camp, Pivot, Want


def lines_document(lines: Iterable[RequirementLine]) -> list[dict[str, object]]:
    """Requirement lines, with what is known of them."""
    return [_known(line) for line in lines]


def _known(line: RequirementLine) -> dict[str, object]:
    stated = {"owner": line.owner, "origin": line.origin, "reason": line.reason}
    return {
        "model": line.model,
        "requirement": line.text,
        **{key: value for key, value in stated.items() if value is not None},
    }


def conflict_document(conflict: Conflict) -> dict[str, object]:
    """A conflict, in full."""
    return {
        "fingerprint": conflict.fingerprint,
        "target": str(conflict.target),
        "models": list(conflict.models),
        "requirements": lines_document(conflict.lines),
        "pivot": conflict.explanation.pivot,
        "chains": wording.chains(conflict.explanation),
        "because": [wording.sentence(conflict.explanation)],
    }


def unplaceable_document(item: Unplaceable) -> dict[str, object]:
    """A model that nothing can host."""
    return {
        "fingerprint": item.fingerprint,
        "model": item.model,
        "requirements": lines_document(item.lines),
        "reason": wording.sentence(item.explanation),
    }


def pivot_document(pivot: Pivot) -> dict[str, object]:
    """A pivot; its conflicts by their fingerprints."""
    return {
        "project": pivot.project,
        "target": str(pivot.target),
        "pairs": pivot.pairs,
        "camps": [_camp(camp) for camp in pivot.camps],
        "conflicts": [conflict.fingerprint for conflict in pivot.conflicts],
    }


def _camp(camp: Camp) -> dict[str, object]:
    return {
        "agree_on": None if camp.range is None else written("", (), camp.range),
        "oldest": str(camp.oldest),
        "newest": str(camp.version),
        "wants": [_want(want) for want in camp.wants],
    }


def _want(want: Want) -> dict[str, object]:
    return {
        "requirements": [str(demand) for demand in want.demands],
        "through": list(want.through),
        "models": [{"model": model.key, "owner": model.owner} for model in want.models],
    }
