"""The fewest groups of models that can each be installed together, proved.

Grouping is colouring of the hypergraph of minimal conflicts, with the conflicts learnt as they are needed
(logic-based Benders decomposition): colour, ask about each group, learn minimal conflicts, repeat. A conflict
may need three models or more, so pairs do not suffice, and the largest set of pairwise conflicting models may
be smaller than the number of groups, so it is no proof: the proof is that one colour fewer cannot be satisfied.

Of all smallest groupings the lexicographically first is returned, models taken in the order given: the answer
does not depend on which conflicts happened to be learnt first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from wheelyard_resolver.sat import Sat

Nodes = frozenset[int]
"""Indices of models."""


@dataclass(frozen=True)
class Grouping:
    """Groups of indices, each sorted, ordered by their first member.

    ``lower_bound`` groups are needed, proved; ``conflicts`` are the minimal conflicts that were learnt.
    """

    groups: tuple[tuple[int, ...], ...]
    lower_bound: int
    conflicts: tuple[Nodes, ...]

    @property
    def minimal(self) -> bool:
        """Whether the number of groups is proved to be the least possible."""
        return len(self.groups) == self.lower_bound


class Grouper:
    """Searches the fewest groups of ``count`` models.

    ``conflict_within`` is the oracle: a minimal conflict within a set of models, or None if they can be
    installed together. It must be monotone. Each model alone must be installable. ``known`` are minimal
    conflicts known beforehand; ``out_of_time`` is asked now and then.
    """

    def __init__(
        self,
        count: int,
        conflict_within: Callable[[Nodes], Nodes | None],
        known: Sequence[Nodes] = (),
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> None:
        self._count = count
        self._conflict_within = conflict_within
        self._conflicts = list(dict.fromkeys(known))
        self._fine: set[Nodes] = set()
        self._out_of_time = out_of_time

    def search(self) -> Grouping:
        """The fewest groups; when time runs out, a valid grouping with the lower bound proved so far."""
        if self._count == 0:
            return Grouping((), 0, ())
        best = self._first_fit()
        bound = len(self._clique())
        while bound < len(best):
            if self._out_of_time():
                return self._grouping(best, bound)
            found = self._colour(bound)
            if found is None:
                bound += 1
            elif self._learn(found):
                best = found
        return self._grouping(self._canonical(bound) or best, bound)

    def _grouping(self, groups: Sequence[Nodes], bound: int) -> Grouping:
        ordered = sorted((tuple(sorted(group)) for group in groups), key=lambda group: group[0])
        return Grouping(tuple(ordered), bound, tuple(self._conflicts))

    # -- conflicts ------------------------------------------------------------------------------------------

    def _first_fit(self) -> list[Nodes]:
        """A valid grouping to start from: each model joins the first group that takes it."""
        groups: list[Nodes] = []
        for node in range(self._count):
            for place, group in enumerate(groups):
                if self._together(group | {node}):
                    groups[place] = group | {node}
                    break
            else:
                groups.append(frozenset({node}))
        return groups

    def _together(self, group: Nodes) -> bool:
        if any(group <= fine for fine in self._fine):
            return True
        if any(conflict <= group for conflict in self._conflicts):
            return False
        conflict = self._conflict_within(group)
        if conflict is None:
            self._fine.add(group)
            return True
        self._conflicts.append(conflict)
        return False

    def _learn(self, groups: Sequence[Nodes]) -> bool:
        """Whether every group can be installed; if not, learns conflicts, several from each group."""
        valid = True
        for group in groups:
            rest = group
            while not self._together(rest):
                valid = False
                conflict = next(conflict for conflict in self._conflicts if conflict <= rest)
                rest = rest - {max(conflict)}
        return valid

    def _clique(self) -> list[int]:
        """Models that conflict pairwise, found greedily: a lower bound, and colours that can be fixed."""
        neighbours: dict[int, set[int]] = {node: set() for node in range(self._count)}
        for conflict in self._conflicts:
            if len(conflict) == 2:
                first, second = conflict
                neighbours[first].add(second)
                neighbours[second].add(first)
        best: list[int] = []
        for start in range(self._count):
            clique, candidates = [start], set(neighbours[start])
            while candidates:
                node = min(candidates, key=lambda item: (-len(neighbours[item] & candidates), item))
                clique.append(node)
                candidates &= neighbours[node]
            best = max(best, clique, key=len)
        return best

    # -- colouring ------------------------------------------------------------------------------------------

    def _colour(self, colours: int) -> list[Nodes] | None:
        """A colouring that no known conflict forbids; None if there is none."""
        formula = _Colouring(self._count, colours)
        for node, colour in zip(self._clique(), range(colours), strict=False):
            formula.fix(node, colour)
        for conflict in self._conflicts:
            formula.forbid(conflict)
        return formula.groups() if formula.solve(()) else None

    def _canonical(self, colours: int) -> list[Nodes] | None:
        """The lexicographically first valid colouring; None when time runs out.

        First among the colourings that known conflicts allow, then learn: every conflict learnt is a real one,
        so the first that proves valid is the first of all.
        """
        formula = _Colouring(self._count, colours)
        told = 0
        while not self._out_of_time():
            for conflict in self._conflicts[told:]:
                formula.forbid(conflict)
            told = len(self._conflicts)
            groups = formula.first()
            if self._learn(groups):
                return groups
        return None


class _Colouring:
    """Each model has exactly one of the colours, and no conflict is all of one colour."""

    def __init__(self, count: int, colours: int) -> None:
        self._sat = Sat()
        self._colours = colours
        self._paint = [[self._sat.variable() for _ in range(colours)] for _ in range(count)]
        for shades in self._paint:
            self._sat.add(shades)
            for one, other in combinations(shades, 2):
                self._sat.add([-one, -other])

    def fix(self, node: int, colour: int) -> None:
        self._sat.add([self._paint[node][colour]])

    def forbid(self, conflict: Nodes) -> None:
        for colour in range(self._colours):
            self._sat.add([-self._paint[node][colour] for node in sorted(conflict)])

    def solve(self, assumptions: Sequence[int]) -> bool:
        return self._sat.solve(assumptions)

    def groups(self) -> list[Nodes]:
        """After a "yes": the non-empty groups."""
        members: list[set[int]] = [set() for _ in range(self._colours)]
        for node, shades in enumerate(self._paint):
            members[next(colour for colour, shade in enumerate(shades) if self._sat.value(shade))].add(node)
        return [frozenset(group) for group in members if group]

    def first(self) -> list[Nodes]:
        """The colouring in which each model in turn has the lowest colour that the earlier ones leave possible."""
        chosen: list[int] = []
        for shades in self._paint:
            chosen.append(next(shade for shade in shades if self.solve((*chosen, shade))))
        satisfiable = self.solve(chosen)
        assert satisfiable, "the last choice was just found possible"
        return self.groups()
