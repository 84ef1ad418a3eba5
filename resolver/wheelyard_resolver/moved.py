"""How many models move, and how many have to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Moved:
    """How many models leave their accepted base; ``at_least`` so many have to in as few groups, proved."""

    models: int
    at_least: int

    @property
    def fewest(self) -> bool:
        """Whether it is proved that no fewer can move."""
        return self.models == self.at_least
