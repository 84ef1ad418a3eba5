"""Verdicts as text for people: stdout of ``check``, ``explain`` and ``bases propose``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheelyard_resolver.explain import Explanation
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.proposal import Proposal

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """A number of bytes, rounded for reading (SI units, as registries bill them)."""
    value = float(count)
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit takes everything")


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """ "1 base", "3 bases"."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


def explanation(found: Explanation, lines: Sequence[RequirementLine], indent: str = "  ") -> Iterator[str]:
    """An explanation, where its lines stand, and the ways out."""
    for place, fact in enumerate(found.facts):
        comma = "," if place == len(found.facts) - 1 else ""
        yield f"{indent}{'    and' if place else 'Because'} {fact}{comma}"
    yield f"{indent}{found.conclusion}."
    for line in lines:
        if line.origin is not None:
            yield f"{indent}  {line.origin}: {line.text}"
    for hint in found.hints:
        yield f"{indent}hint: {hint}"


def proposal(found: Proposal) -> Iterator[str]:
    """A proposal in short: the bases, and what could not be placed."""
    hosted = sum(len(base.models) for base in found.bases)
    proof = "fewer is impossible (proved)" if found.minimal else f"not proved least: at least {found.lower_bound}"
    yield f"{found.fleet} ({found.stage}): {counted(hosted, 'model')} in {counted(len(found.bases), 'base')}, {proof}"
    for base in found.bases:
        yield (
            f"  {base.name}  {base.target}  {counted(len(base.models), 'model')}, "
            f"{counted(len(base.packages), 'package')}, {size(base.size)}"
        )
        yield f"    {', '.join(base.models)}"
    if found.unplaceable:
        yield f"{counted(len(found.unplaceable), 'model')} that no environment can host:"
        for item in found.unplaceable:
            yield f"  {item.model}: {item.reason}"
