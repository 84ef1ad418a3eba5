"""Groups of models as a formula: every model in some group, no group with conditions known to contradict.

Each group has its own copy of the conditions: a model in it brings its own about, a newer lower bound brings the
older ones, and a conflict learnt is a clause of each copy. So two models that ask for disjoint releases of a
project need no clause of their own, of which large fleets would have hundreds of thousands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from packaging.utils import NormalizedName

from wheelyard_resolver.condition import Condition, Conditions, in_order
from wheelyard_resolver.sat import Sat, Tally


class Colouring:
    """At most ``colours`` groups for models, which are numbered as their conditions are given.

    What it answers are colours by model. Those that have a home, a colour, get that where there is a choice, and all
    others the lowest.
    """

    def __init__(self, models: Sequence[Conditions], colours: int, homes: Mapping[int, int] | None = None) -> None:
        self.colours = colours
        self.homes = homes or {}
        self.told = 0
        """How many of the conflicts known have been forbidden."""
        self._sat = Sat()
        self._copies = [_Copy(self._sat, models) for _ in range(colours)]
        self._paint = [[self._sat.variable() for _ in range(colours)] for _ in models]
        self._placed = [self._sat.variable() for _ in models]
        self._away = Tally(self._sat)
        self._assumed: Sequence[int] = ()
        for conditions, placed, shades in zip(models, self._placed, self._paint, strict=True):
            self._sat.add([-placed, *shades])
            ordered = in_order(conditions)
            for shade, copy in zip(shades, self._copies, strict=True):
                for condition in ordered:
                    self._sat.add([-shade, copy.literal(condition)])

    def forbid(self, conflicts: Sequence[Conditions]) -> None:
        """No group may ask for all of any of these: all that are known, in the order in which they were learnt."""
        for conflict in conflicts[self.told :]:
            ordered = in_order(conflict)
            for copy in self._copies:
                self._sat.add([-copy.literal(condition) for condition in ordered])
        self.told = len(conflicts)

    def pin(self, models: Iterable[int]) -> None:
        """Put models that exclude one another in groups of their own: it does not matter which."""
        for model, colour in zip(models, range(self.colours), strict=False):
            self._sat.add([self._paint[model][colour]])

    def use_at_most(self, colours: int) -> None:
        """No more than so many colours are in use."""
        used = [self._sat.variable() for _ in range(self.colours)]
        for shades in self._paint:
            for shade, colour in zip(shades, used, strict=True):
                self._sat.add([-shade, colour])
        for literal in Tally(self._sat).at_most(colours, used):
            self._sat.add([literal])

    def leave_at_most(self, bound: int, models: Mapping[int, int]) -> None:
        """From now on, of these models and those named before no more are away from home. Each counts so many times."""
        away = []
        for model, times in models.items():
            home = self._paint[model][self.homes[model]]
            away.append(-home)
            for _ in range(times - 1):
                away.append(self._sat.variable())
                self._sat.add([home, away[-1]])
        self._assumed = self._away.at_most(bound, away)

    def order(self, model: int) -> Sequence[int]:
        """All colours in the order in which a model may choose."""
        home = self.homes.get(model)
        every = range(self.colours)
        return every if home is None else [home, *(colour for colour in every if colour != home)]

    def prefer(self, colours: Mapping[int, int]) -> None:
        """Try these colours first."""
        self._sat.prefer(self._paint[model][colour] for model, colour in colours.items())

    def core(self) -> list[int]:
        """After a "no": models that suffice for it, not a minimal set."""
        core = self._sat.core()
        return [model for model, placed in enumerate(self._placed) if placed in core]

    def core_of(self, fixed: Mapping[int, int]) -> dict[int, int]:
        """After a "no": those of the colours fixed that suffice for it, not a minimal set."""
        core = self._sat.core()
        return {model: colour for model, colour in fixed.items() if self._paint[model][colour] in core}

    def extend(
        self, models: Collection[int], fixed: Mapping[int, int], effort: int
    ) -> Mapping[int, int] | Literal[False] | None:
        """A colour for each of these models, some fixed; False: there is none; None: so many conflicts do not tell."""
        shades = [self._paint[model][colour] for model, colour in fixed.items()]
        assumed = [*self._assumed, *shades, *(self._placed[model] for model in models)]
        found = self._sat.solve_within(effort, assumed)
        return self._colours(models) if found else found

    @property
    def effort(self) -> int:
        """The conflicts met so far."""
        return self._sat.conflicts

    def _colours(self, models: Iterable[int]) -> dict[int, int]:
        value = self._sat.value
        return {
            model: next(colour for colour in self.order(model) if value(self._paint[model][colour])) for model in models
        }

    def close(self) -> None:
        """Free the solver's memory."""
        self._sat.close()


class _Copy:
    """The conditions of one group as literals. Of lower bounds, the newer imply the older."""

    def __init__(self, sat: Sat, asked: Iterable[Conditions]) -> None:
        self._literals: dict[Condition, int] = {}
        positions, others = _mentioned(asked)
        for project in sorted(positions):
            steps = [(position, sat.variable()) for position in sorted(positions[project])]
            for position, variable in steps:
                self._literals[Condition(project, "from", position)] = variable
                self._literals[Condition(project, "below", position)] = -variable
            for (_, older), (_, newer) in pairwise(steps):
                sat.add([-newer, older])
        for condition in in_order(others):
            self._literals[condition] = sat.variable()

    def literal(self, condition: Condition) -> int:
        return self._literals[condition]


def _mentioned(asked: Iterable[Conditions]) -> tuple[dict[NormalizedName, set[int]], set[Condition]]:
    """The positions that bounds name, by project, and the conditions that are no bounds."""
    positions: dict[NormalizedName, set[int]] = {}
    others: set[Condition] = set()
    for condition in (condition for conditions in asked for condition in conditions):
        if condition.kind in ("from", "below"):
            positions.setdefault(condition.project, set()).add(condition.position)
        else:
            others.add(condition)
    return positions, others
