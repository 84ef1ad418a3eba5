"""The fewest groups of models that can each be installed together, proved.

Grouping is colouring of the hypergraph of minimal conflicts, with the conflicts learnt as they are needed
(logic-based Benders decomposition): colour, ask about each group, learn minimal conflicts, repeat. A conflict
may need three models or more, so pairs do not suffice, and the largest set of pairwise conflicting models may
be smaller than the number of groups, so it is no proof: the proof is that one colour fewer cannot be satisfied.
A conflict of one is a model that no group can take.

Of all smallest groupings the lexicographically first is returned, models taken in the order given: the answer
does not depend on which conflicts happened to be learnt first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from wheelyard_resolver.sat import Sat

Nodes = frozenset[int]
"""Indices of models."""


@dataclass(frozen=True)
class Grouping:
    """Groups of indices, each sorted, ordered by their first member; ``unplaceable`` are in none.

    ``lower_bound`` groups are needed, proved; ``conflicts`` are the minimal conflicts that were learnt.
    """

    groups: tuple[tuple[int, ...], ...]
    unplaceable: tuple[int, ...]
    lower_bound: int
    conflicts: tuple[Nodes, ...]

    @property
    def minimal(self) -> bool:
        """Whether the number of groups is proved to be the least possible."""
        return len(self.groups) == self.lower_bound


class Grouper:
    """Searches the fewest groups of ``count`` models.

    ``conflict_within`` is the oracle: a minimal conflict within a set of models, or None if they can be
    installed together. It must be monotone. ``known`` are minimal conflicts known beforehand; ``out_of_time`` is
    asked now and then.
    """

    def __init__(
        self,
        count: int,
        conflict_within: Callable[[Nodes], Nodes | None],
        known: Sequence[Nodes] = (),
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> None:
        self._conflict_within = conflict_within
        self._conflicts = _Conflicts(count)
        for conflict in known:
            self._conflicts.add(conflict)
        self._fine: set[Nodes] = set()
        self._out_of_time = out_of_time

    def search(self) -> Grouping:
        """The fewest groups; when time runs out, a valid grouping with the lower bound proved so far."""
        best = self._first_fit()
        bound = len(self._conflicts.clique())
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
        unplaceable = tuple(sorted(self._conflicts.alone))
        return Grouping(tuple(ordered), unplaceable, bound, tuple(self._conflicts.found))

    def _first_fit(self) -> list[Nodes]:
        """A valid grouping to start from: each model joins the first group that no known conflict keeps it out of."""
        while True:
            groups: list[set[int]] = []
            for node in self._conflicts.placeable():
                taken = next((group for group in groups if self._conflicts.allow(node, group)), None)
                if taken is None:
                    groups.append({node})
                else:
                    taken.add(node)
            found = [frozenset(group) for group in groups]
            if self._learn(found):
                return found

    def _learn(self, groups: Sequence[Nodes]) -> bool:
        """Whether every group can be installed; if not, learns conflicts, several from each group."""
        valid = True
        for group in groups:
            rest = group
            while rest and not any(rest <= fine for fine in self._fine):
                conflict = self._conflict_within(rest)
                if conflict is None:
                    self._fine.add(rest)
                    break
                valid = False
                self._conflicts.add(conflict)
                rest = rest - {max(conflict)}
        return valid

    def _colour(self, colours: int) -> list[Nodes] | None:
        """A colouring that no known conflict forbids; None if there is none."""
        formula = Colouring(self._conflicts.placeable(), colours)
        for node, colour in zip(self._conflicts.clique(), range(colours), strict=False):
            formula.fix(node, colour)
        for conflict in self._conflicts.found:
            formula.forbid(conflict)
        return formula.groups() if formula.solve(()) else None

    def _canonical(self, colours: int) -> list[Nodes] | None:
        """The lexicographically first valid colouring; None when time runs out.

        First among the colourings that known conflicts allow, then learn: every conflict learnt is a real one,
        so the first that proves valid is the first of all.
        """
        formula = Colouring(self._conflicts.placeable(), colours)
        told = 0
        while not self._out_of_time():
            for conflict in self._conflicts.found[told:]:
                formula.forbid(conflict)
            told = len(self._conflicts.found)
            groups = formula.first()
            if self._learn(groups):
                return groups
        return None


class _Conflicts:
    """Minimal conflicts among ``count`` models, found by member."""

    def __init__(self, count: int) -> None:
        self.found: list[Nodes] = []
        self.alone: set[int] = set()
        self._count = count
        self._of: list[list[Nodes]] = [[] for _ in range(count)]

    def add(self, conflict: Nodes) -> None:
        if len(conflict) == 1:
            self.alone |= conflict
            # Conflicts known beforehand that contain it are not minimal.
            self.found = [other for other in self.found if not conflict <= other]
            self._of = [[other for other in others if not conflict <= other] for others in self._of]
            return
        self.found.append(conflict)
        for node in conflict:
            self._of[node].append(conflict)

    def placeable(self) -> list[int]:
        return [node for node in range(self._count) if node not in self.alone]

    def allow(self, node: int, group: Iterable[int]) -> bool:
        """Whether no known conflict forbids a node to join a group."""
        members = set(group) | {node}
        return not any(conflict <= members for conflict in self._of[node])

    def clique(self) -> list[int]:
        """Models that conflict pairwise, found greedily: a lower bound, and colours that can be fixed."""
        neighbours = [
            {other for conflict in self._of[node] if len(conflict) == 2 for other in conflict if other != node}
            for node in range(self._count)
        ]
        best: list[int] = []
        for start in self.placeable():
            clique, candidates = [start], neighbours[start] - self.alone
            while candidates:
                node = min(candidates, key=lambda item: (-len(neighbours[item] & candidates), item))
                clique.append(node)
                candidates &= neighbours[node]
            best = max(best, clique, key=len)
        return best


class Colouring:
    """Each model has exactly one of the colours, and no conflict is all of one colour."""

    def __init__(self, nodes: Sequence[int], colours: int) -> None:
        self._sat = Sat()
        self._colours = colours
        self._paint = {node: [self._sat.variable() for _ in range(colours)] for node in nodes}
        for shades in self._paint.values():
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

    def use_at_most(self, colours: int) -> None:
        """No more than so many colours are in use."""
        used = [self._sat.variable() for _ in range(self._colours)]
        for shades in self._paint.values():
            for shade, colour in zip(shades, used, strict=True):
                self._sat.add([-shade, colour])
        self._sat.at_most(used, colours)

    def leave_at_most(self, homes: Mapping[int, int], nodes: int) -> None:
        """No more than so many nodes have another colour than that of their home."""
        self._sat.at_most([-self._paint[node][home] for node, home in homes.items()], nodes)

    def groups(self) -> list[Nodes]:
        """After a "yes": the non-empty groups."""
        return [group for _, group in self._by_colour()]

    def _by_colour(self) -> list[tuple[int, Nodes]]:
        members: list[set[int]] = [set() for _ in range(self._colours)]
        for node, shades in self._paint.items():
            members[self._shade(shades)].add(node)
        return [(colour, frozenset(group)) for colour, group in enumerate(members) if group]

    def _shade(self, shades: Sequence[int]) -> int:
        return next(colour for colour, shade in enumerate(shades) if self._sat.value(shade))

    def first(self) -> list[Nodes]:
        """The groups of :meth:`first_by_colour`."""
        return [group for _, group in self.first_by_colour()]

    def first_by_colour(self) -> list[tuple[int, Nodes]]:
        """The colouring in which each model in turn has the lowest colour that the earlier ones leave possible."""
        satisfiable = self.solve(())
        chosen: list[int] = []
        for shades in self._paint.values():
            # The last answer shows one colour possible; only lower ones need asking.
            lowest = self._shade(shades)
            lower = next((shade for shade in shades[:lowest] if self.solve((*chosen, shade))), None)
            chosen.append(shades[lowest] if lower is None else lower)
            if lower is None and lowest:
                satisfiable = self.solve(chosen)
        assert satisfiable, "the number of colours was found sufficient"
        return self._by_colour()
