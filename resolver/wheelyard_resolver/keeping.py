"""Of all smallest groupings, one that leaves as many models as possible where they are.

Each accepted base is a colour, the home of its models, and so is each new base that there may be beside them. A new
one takes the place of an accepted one only where all of those are in use: no model could tell them apart, but those at
home. The fewest moves are a maximum satisfiability problem: that a model stays is wished for. All are asked to stay;
models of which not all can are let go, and one move more is allowed, until the rest can stay (core-guided search, with
the cores of Marques-Silva and Planes 2007). The number is least if that succeeds within the effort. If not, the best
grouping met is told, with the number of moves that is proved to be needed.

As in :mod:`wheelyard_resolver.grouping`, conflicts are learnt as they are needed, and the first of the answers is
taken: each model in turn stays at home, or has the lowest colour, that the earlier ones leave possible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.first_grouping import first_grouping
from wheelyard_resolver.learning import Learner, groups_of
from wheelyard_resolver.moved import Moved

EFFORT = 20_000
"""Conflicts of the solver: for a proof that fewer moves are impossible."""

EFFORT_FOR_ONE = 200
"""Conflicts of the solver: where there is no proof, to tell whether one model more can stay at home."""


@dataclass(frozen=True)
class Kept:
    """The groups, each with the accepted base that it goes on with (None: a new one), and how many models moved."""

    groups: tuple[tuple[tuple[int, ...], int | None], ...]
    moved: Moved


@dataclass(frozen=True)
class Homes:
    """For each node that has one the accepted base where it is, from 0 on, and how many models it stands for."""

    bases: Mapping[int, int]
    models: Mapping[int, int]

    @property
    def accepted(self) -> int:
        """The number of accepted bases."""
        return 1 + max(self.bases.values(), default=-1)

    def moved(self, colours: Mapping[int, int]) -> int:
        """How many models are not at home."""
        return sum(self.models[node] for node, home in self.bases.items() if colours.get(node, home) != home)


def keep_in_place(
    learner: Learner,
    homes: Homes,
    possible: Sequence[Sequence[int]],
    out_of_time: Callable[[], bool],
    *,
    most: int = 0,
) -> Kept:
    """A grouping into as many groups as are ``possible``, or ``most`` if that is more, that moves the fewest models.

    A model leaves its base when it is in any other group.
    """
    if not homes.bases:
        return Kept(tuple((tuple(group), None) for group in possible), Moved(0, 0))
    search = _Search(learner, homes, possible, max(most, len(possible)), out_of_time)
    try:
        return search.fewest_moves()
    finally:
        search.close()


class _Search:
    def __init__(
        self,
        learner: Learner,
        homes: Homes,
        possible: Sequence[Sequence[int]],
        most: int,
        out_of_time: Callable[[], bool],
    ) -> None:
        self._learner = learner
        self._homes = homes
        self._out_of_time = out_of_time
        colours = max(homes.accepted, most)
        self._best: Mapping[int, int] = _named_after(homes, possible, colours)
        self._at_least = 0
        self._staying = {node: home for node, home in homes.bases.items() if node in learner.left}
        self._uncounted = {node: homes.models[node] for node in self._staying}
        self._colouring = Colouring(learner.models, colours, homes.bases)
        self._colouring.prefer(homes.bases)
        if most < homes.accepted:
            self._colouring.use_at_most(most)

    def fewest_moves(self) -> Kept:
        self._let_go()
        if self._at_least == self._homes.moved(self._best):
            self._limit(self._at_least, list(self._uncounted))
            self._best = first_grouping(self._learner, self._colouring, self._best, self._out_of_time)
        else:
            self._bring_home()
        groups = ((group, self._best[group[0]]) for group in groups_of(self._best))
        return Kept(
            tuple((group, colour if colour < self._homes.accepted else None) for group, colour in groups),
            Moved(self._homes.moved(self._best), self._at_least),
        )

    def _let_go(self) -> None:
        """Let models go from home until the others can stay, then until no more of them move than have to.

        At any time ``at_least`` of those let go move in every grouping.
        """
        gone: list[int] = []
        limited = False
        while self._at_least < self._homes.moved(self._best):
            found = self._attempt(self._staying, EFFORT - self._colouring.effort)
            if found is None:
                return
            if found:
                self._best = min(self._best, found, key=self._homes.moved)
                limited = True
            else:
                core = self._core()
                for node in core:
                    del self._staying[node]
                # Cores found without a limit have no model in common.
                self._at_least += 1 if limited else min(self._homes.models[node] for node in core)
                gone += core
            if limited:
                self._limit(self._at_least, gone)
                gone = []

    def _attempt(self, staying: Mapping[int, int], effort: int) -> Mapping[int, int] | Literal[False] | None:
        if effort <= 0:
            return None
        return self._learner.attempt(self._colouring, effort, self._out_of_time, staying)

    def _bring_home(self) -> None:
        """Let one model after the other come home, where all that are there can stay."""
        homes = {node: home for node, home in self._homes.bases.items() if node in self._best}
        staying = {node: home for node, home in homes.items() if self._best[node] == home}
        for node, home in homes.items():
            if self._best[node] != home:
                self._best = self._attempt({**staying, node: home}, EFFORT_FOR_ONE) or self._best
            if self._best[node] == home:
                staying[node] = home

    def _core(self) -> Mapping[int, int]:
        """After a "no": models not all of which can stay, fewer than the solver named at first."""
        core = self._colouring.core_of(self._staying)
        while core and self._colouring.extend(self._learner.left, core, EFFORT) is False:
            smaller = self._colouring.core_of(core)
            if len(smaller) == len(core):
                break
            core = smaller
        return core

    def _limit(self, moves: int, nodes: Sequence[int]) -> None:
        self._colouring.leave_at_most(moves, {node: self._uncounted.pop(node) for node in nodes})

    def close(self) -> None:
        """Free the solver's memory."""
        self._colouring.close()


def _named_after(homes: Homes, groups: Sequence[Sequence[int]], colours: int) -> dict[int, int]:
    """Groups as colours: each goes on with the accepted base that most of its models are from, if that is left."""
    shared: Counter[tuple[int, int]] = Counter()
    for place, group in enumerate(groups):
        for node in group:
            if node in homes.bases:
                shared[place, homes.bases[node]] += homes.models[node]
    named: dict[int, int] = {}
    for (place, home), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        if place not in named and home not in named.values():
            named[place] = home
    free = (colour for colour in range(colours) if colour not in named.values())
    for place in range(len(groups)):
        if place not in named:
            named[place] = next(free)
    return {node: named[place] for place, group in enumerate(groups) for node in group}
