"""What came of a verification, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator

from wheelyard_resolver.verify.verification import Verification


def lines(found: Verification, *, fleet_given: bool) -> Iterator[str]:
    """The verdict, and everything that is wrong, a line each."""
    if found.problems:
        yield f"refuted: {_counted(len(found.problems), 'thing does not', 'things do not')} hold"
        yield from (f"  {problem}" for problem in found.problems)
        return
    fewer = _counted(found.at_least - 1, "base is", "bases are")
    yield (
        f"verified: {_counted(found.models, 'model')} in {_counted(found.bases, 'base')}"
        f"{f', {fewer} impossible' if found.at_least > 1 else ''}; "
        f"{_counted(found.conflicts, 'conflict')} and {_counted(found.unplaceable, 'unplaceable model')} "
        f"re-derived from snapshot {found.snapshot}"
    )
    if not fleet_given:
        yield "the fleet is the certificate's own word for it; --fleet FILE compares the two"


def document(found: Verification) -> dict[str, object]:
    """The same as JSON-ready values."""
    return {
        "verified": not found.problems,
        "problems": list(found.problems),
        "models": found.models,
        "bases": found.bases,
        "lower_bound": found.at_least,
        "conflicts": found.conflicts,
        "unplaceable": found.unplaceable,
        "snapshot": found.snapshot,
    }


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"
