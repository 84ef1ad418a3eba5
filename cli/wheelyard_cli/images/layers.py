"""Which wheels of a base get a layer of their own, and in which order.

The order follows from a base's own lock, so that no other base can change it: heaviest first. Wheels that weigh most
are those that bases share most often, and equal beginnings are what makes layers shared on a node, not only in a
registry.

Sources: OCI image specification (a layer's digest is that of its content; a chain identifier is that of all layers up
to it).
"""

from __future__ import annotations

from dataclasses import dataclass

from wheelyard_resolver.proposal import Base, LockedPackage

HEAVY = 20_000_000
"""Bytes from which on a wheel has a layer of its own: transfers it saves outweigh what a step costs (0.6 s)."""
MOST = 40
"""Layers of that kind at most: engines take 127 in all, and the base image and the models need some."""


@dataclass(frozen=True)
class Layers:
    """The packages of a base by layer: each of ``heavy`` alone, in this order, then ``rest`` together."""

    heavy: tuple[LockedPackage, ...]
    rest: tuple[LockedPackage, ...]


def layers_of(base: Base) -> Layers:
    """The layers of a base, a function of its lock."""
    weighed = sorted(base.packages, key=lambda package: (-(package.wheel.size or 0), package.name))
    heavy = [package for package in weighed if (package.wheel.size or 0) >= HEAVY][:MOST]
    rest = [package for package in base.packages if package not in heavy]
    return Layers(tuple(heavy), tuple(sorted(rest, key=lambda package: package.name)))
