"""Models of which only is known which cannot share a group: hypergraphs, as the grouper is asked about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.utils import canonicalize_name

from wheelyard_resolver.condition import Condition, Conditions
from wheelyard_resolver.learning import Learner

Nodes = frozenset[int]


def pairs(*edges: tuple[int, int]) -> list[Nodes]:
    return [frozenset(edge) for edge in edges]


def learner(count: int, conflicts: Sequence[Nodes]) -> Learner:
    """For models that ask for one thing each, their own number; it is told a smallest conflict of those asked."""
    ordered = sorted(conflicts, key=lambda conflict: (len(conflict), sorted(conflict)))

    def clash(asked: Conditions) -> Conditions | None:
        return next((_whole(conflict) for conflict in ordered if _whole(conflict) <= asked), None)

    return Learner([_whole([node]) for node in range(count)], clash)


def _whole(nodes: Iterable[int]) -> Conditions:
    return frozenset(Condition(canonicalize_name(f"m{node}"), "present") for node in nodes)
