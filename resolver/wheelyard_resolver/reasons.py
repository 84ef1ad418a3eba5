"""Which demands between releases a conflict rests on."""

from __future__ import annotations

from collections.abc import Sequence

from wheelyard_resolver.formula import Edge
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.verdict import Engine, Solution


def minimal_edges(engine: Engine, lines: Sequence[RequirementLine]) -> frozenset[Edge]:
    """A minimal set of demands (see :class:`Edge`) that suffices for a conflict of lines.

    Every one is needed: without it, releases could be chosen. Explanations tell them, certificates prove from them.
    """
    if _disjoint(engine, lines):
        return frozenset()
    guarded = engine.guarded()
    answer = guarded.solve(lines)
    assert not isinstance(answer, Solution), "these lines conflict"
    sat, guards = guarded.formula.sat, guarded.formula.guards
    literals = [guarded.literal(line) for line in lines]
    core = sat.core()
    needed = {edge: guard for edge, guard in guards.items() if guard in core}
    for edge in list(needed):
        rest = {other: guard for other, guard in needed.items() if other != edge}
        if edge in needed and not sat.solve([*literals, *rest.values()]):
            core = sat.core()
            needed = {other: guard for other, guard in rest.items() if guard in core}
    return frozenset(needed)


def _disjoint(engine: Engine, lines: Sequence[RequirementLine]) -> bool:
    """Whether the lines are two that demand disjoint releases of one project: no release's demands matter."""
    if len(lines) != 2 or lines[0].project != lines[1].project:
        return False
    one, other = (set(engine.universe.positions(line.demand)) for line in lines)
    return not one & other and all(line.model is not None for line in lines)
