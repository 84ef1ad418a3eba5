"""Too few bases, as clauses that contradict each other.

Each model has one of the colours, and no conflict is all of one colour. Colours are interchangeable, so models that
conflict pairwise may be given the first colours, one each.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from wheelyard_resolver.verify.rup import Clause


def clauses(conflicts: Sequence[Collection[str]], colours: int, pinned: Sequence[str]) -> list[Clause]:
    """The clauses for the models that conflicts name, by key. The numbers of the variables depend on these alone.

    ``pinned`` are models that conflict pairwise, no more than there are colours.
    """
    place = {model: number for number, model in enumerate(sorted({key for found in conflicts for key in found}))}

    def paint(model: str, colour: int) -> int:
        return place[model] * colours + colour + 1

    found: list[Clause] = [(paint(model, colour),) for colour, model in enumerate(pinned)]
    found += [tuple(paint(model, colour) for colour in range(colours)) for model in place]
    for conflict in conflicts:
        found += [tuple(-paint(model, colour) for model in sorted(conflict)) for colour in range(colours)]
    return found
