"""A proposal as text for people: stdout of ``bases propose``."""

from __future__ import annotations

from collections.abc import Iterator

from wheelyard_resolver.proposal import Proposal
from wheelyard_resolver.wording import counted, sentence


def size(count: int) -> str:
    """A number of bytes in decimal units, as registries bill them: ``812 B``, ``4.2 MB``."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.95:
            break
        amount, unit = amount / 1000, larger
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"


def proposal(found: Proposal) -> Iterator[str]:
    """A proposal in short: the bases, and what could not be placed."""
    hosted = sum(len(base.models) for base in found.bases)
    observed = sum(line.observed for model in found.models for line in model.lines)
    given = f", given {counted(observed, 'observed line')}" if observed else ""
    proof = (
        f"fewer is impossible (proved{given})" if found.minimal else f"not proved least: at least {found.lower_bound}"
    )
    yield f"{found.fleet} ({found.stage}): {counted(hosted, 'model')} in {counted(len(found.bases), 'base')}, {proof}"
    for base in found.bases:
        yield (
            f"  {base.name}  {base.target}  {counted(len(base.models), 'model')}, "
            f"{counted(len(base.packages), 'package')}, {size(base.size)}"
        )
        yield f"    {', '.join(base.models)}"
    for placement in found.fixed:
        yield f"  {placement.base}  fixed  {counted(len(placement.models), 'model')}"
        if placement.models:
            yield f"    {', '.join(placement.models)}"
        yield from (f"    does not fit: {miss}" for miss in placement.misfits)
        if placement.could_host:
            yield f"    could host {', '.join(placement.could_host)}"
    if found.unplaceable:
        yield f"{counted(len(found.unplaceable), 'model')} that no environment can host:"
        for item in found.unplaceable:
            yield f"  {item.model}: {sentence(item.explanation)}"
