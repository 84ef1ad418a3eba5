"""Findings as text for people: blocks of lines, the same in every command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheelyard_resolver.demand import written
from wheelyard_resolver.explain import Explanation
from wheelyard_resolver.facts import Required
from wheelyard_resolver.fleet_check import Dispute
from wheelyard_resolver.hints import Hint
from wheelyard_resolver.pivots import Camp, Pivot, Want
from wheelyard_resolver.relief import Relief
from wheelyard_resolver.wording import action, chains, conclusion, counted, facts, joined, requirement, wanted

_NAMED = 8
"""Models that are named one by one."""

_WIDEST = 30
"""The column of what is wanted; what is longer juts out."""


def explanation(found: Explanation, hints: Sequence[Hint] = (), indent: str = "") -> Iterator[str]:
    """An explanation, a fact a line with its place in brackets, the chains, and the ways out."""
    places = [fact.line.origin if isinstance(fact, Required) else None for fact in found.facts]
    told = facts(found)
    for number, (fact, place) in enumerate(zip(told, places, strict=True)):
        where = f" [{place}]" if place is not None else ""
        comma = "," if number == len(told) - 1 else ""
        yield f"{indent}{'    and' if number else 'Because'} {fact}{where}{comma}"
    yield f"{indent}{conclusion(found)}."
    ways = chains(found)
    if ways is not None:
        yield f"{indent}chain: {ways}"
    for hint in hints:
        yield f"{indent}hint: {action(hint)}"


# -- pivots -------------------------------------------------------------------------------------------------


def dispute(found: Dispute, *, with_target: bool) -> Iterator[str]:
    """A pivot: one line if it is about one pair, else who wants what, a range a line."""
    pivot = found.pivot
    where = f" on {pivot.target}" if with_target else ""
    if pivot.pairs == 1:
        wants = [want for camp in pivot.camps for want in camp.wants]
        yield f"{pivot.project}{where}: {joined([f'{_models(want)} wants {wanted(want)}' for want in wants])}"
    else:
        camps = ", ".join(_camp(camp) for camp in pivot.camps)
        yield f"{pivot.project}{where}: {camps}; {counted(pivot.pairs, 'pair')} cannot share a base"
        yield from _wants(pivot)


def relief(found: Relief) -> str:
    """A change with the number of models it would help."""
    old, new = requirement(found.change.line), requirement(found.change.relaxed)
    return f"relax {found.change.line.model}'s {old} to {new}: it can then live with {_helped(found)}"


def _helped(found: Relief) -> str:
    if len(found.blocked) == 1:
        return found.blocked[0]
    if found.freed != found.blocked:
        return f"{len(found.freed)} of the {len(found.blocked)} models that it now blocks"
    return f"{'both' if len(found.blocked) == 2 else f'all {len(found.blocked)}'} models that it now blocks"


def _camp(camp: Camp) -> str:
    count = len(camp.models)
    if len(camp.wants) > 1:
        return f"{counted(count, 'model')} agree on {_agreed(camp)}"
    return f"{counted(count, 'model')} {'wants' if count == 1 else 'want'} {wanted(camp.wants[0])}"


def _agreed(camp: Camp) -> str:
    if camp.range is not None:
        return written("", (), camp.range)
    return str(camp.version) if camp.oldest == camp.version else f"{camp.oldest} to {camp.version}"


def _wants(pivot: Pivot) -> Iterator[str]:
    rows = [(wanted(want), _models(want)) for camp in pivot.camps for want in camp.wants]
    width = min(max(len(said) for said, _ in rows), _WIDEST)
    for said, models in rows:
        yield f"{said:{width}}  {models}"


def _models(want: Want) -> str:
    named = [f"{model.key} ({model.owner})" if model.owner else model.key for model in want.models]
    if len(named) > _NAMED:
        named[_NAMED:] = [f"{len(named) - _NAMED} more"]
    return joined(named)
