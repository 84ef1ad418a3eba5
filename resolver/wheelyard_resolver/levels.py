"""How much a candidate would change: the six levels, best first."""

from __future__ import annotations

from enum import Enum


class Level(str, Enum):
    """What it takes for a candidate to join a fleet. A level is worse than those before it."""

    FITS = "fits"
    """Every requirement holds in an accepted base as built, its own if it has one."""
    REBUILD = "rebuild"
    """That base has to be locked anew."""
    MOVES = "moves"
    """Another accepted base hosts it."""
    REGROUP = "regroup"
    """The fleet needs no more bases, but other models move."""
    NEW_BASE = "new-base"
    """The fleet would need one more base."""
    NOT_INSTALLABLE = "not-installable"
    """Nothing on its target can host it."""

    @property
    def rank(self) -> int:
        """0 for the best level."""
        return list(Level).index(self)

    def at_least_as_bad_as(self, other: Level) -> bool:
        """Whether it is that level or a worse one."""
        return self.rank >= other.rank


NEED_ACCEPTED_BASES = (Level.FITS, Level.REBUILD, Level.MOVES)
"""The levels that cannot be told where no bases are accepted."""
