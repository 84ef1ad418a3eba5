"""Are fewer bases impossible, as a certificate says?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from wheelyard_resolver.verify import colouring, rup
from wheelyard_resolver.verify.statement import StatedBound, StatedRefutation


def problems_of(bound: StatedBound, conflicts: Sequence[StatedRefutation], placed: frozenset[str]) -> list[str]:
    """Everything that is wrong with a bound, in words. ``placed`` are the models that have a base on its target."""
    return [f"{bound.place}: {problem}" for problem in _problems(bound, conflicts, placed)]


def _problems(bound: StatedBound, conflicts: Sequence[StatedRefutation], placed: frozenset[str]) -> list[str]:
    if bound.at_least <= 1:
        if bound.conflicts or bound.pinned or bound.proof or bound.at_least != min(1, len(placed)):
            return [f"{len(placed)} placed models do not make it {bound.at_least}"]
        return []
    if any(not 0 <= index < len(conflicts) for index in bound.conflicts):
        return ["it names a conflict that is not there"]
    if len(set(bound.conflicts)) != len(bound.conflicts):
        return ["it names a conflict twice"]
    if bound.at_least > len(placed):  # checked first: the clauses grow with the number
        return [f"{len(placed)} placed models never need {bound.at_least} bases"]
    used = [conflicts[index] for index in bound.conflicts]
    problems = []
    for conflict in used:
        if conflict.target != bound.target:
            problems.append(f"{conflict.place} is on another target")
        problems += [f"{key} of {conflict.place} has no base" for key in conflict.models if key not in placed]
    edges = [set(conflict.models) for conflict in used]
    problems += [
        f"{one} and {other} are given bases of their own, but no conflict of the two is named"
        for one, other in combinations(bound.pinned, 2)
        if {one, other} not in edges
    ]
    if len(bound.pinned) >= bound.at_least or not all(any(key in edge for edge in edges) for key in bound.pinned):
        problems.append("it gives bases of their own to too many models, or to one without a conflict")
    if problems:
        return problems
    flaw = rup.flaw(colouring.clauses(edges, bound.at_least - 1, bound.pinned), bound.proof)
    return [] if flaw is None else [f"{bound.at_least - 1} bases are not refuted: {flaw}"]
