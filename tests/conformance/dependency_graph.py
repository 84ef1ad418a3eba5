"""A world as a bare graph that solvers from other trades can read.

A node is a project or one extra of it; a choice is a node at a version. What each choice needs is written out as the
versions that would do, so that nothing of Python packaging is left: no specifiers, no markers, no policy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.version import Version
from tests.resolver import brute_force
from tests.resolver.random_worlds import MISSING, World

Node = tuple[str, str]
"""A project and an extra; the empty extra is the project itself."""
Needs = Mapping[Node, frozenset[Version]]
"""One of these versions of each of these nodes."""

_EXTRAS = ("", "e")


@dataclass(frozen=True)
class Graph:
    """What may be chosen, what each choice needs, and what each model needs, by its key."""

    choices: Mapping[Node, Mapping[Version, Needs]]
    models: Mapping[str, Needs]


def graph_of(world: World) -> Graph:
    """The world written out. Which releases are candidates, and which markers hold, is the brute force's reading."""
    offered = {
        name: {version: release for version, release in releases if _within(world, name, version)}
        for name, releases in brute_force.candidates(world.universe, world.fleet.policy).items()
    }
    choices: dict[Node, Mapping[Version, Needs]] = {(MISSING, ""): {}, (MISSING, "e"): {}}
    for name, releases in offered.items():
        for extra in _EXTRAS:
            choices[name, extra] = {
                version: _needs(brute_force.dependencies(release, extra), offered, _same_release(name, version, extra))
                for version, release in releases.items()
            }
    models = {
        model.key: _needs(brute_force.applicable(line.requirement for line in model.lines), offered, {})
        for model in world.fleet.models
    }
    return Graph(choices, models)


def _within(world: World, name: str, version: Version) -> bool:
    limits = brute_force.applicable(line.requirement for line in world.fleet.constraints)
    return all(limit.specifier.contains(version, prereleases=True) for limit in limits if limit.name == name)


def _same_release(name: str, version: Version, extra: str) -> Needs:
    return {(name, ""): frozenset({version})} if extra else {}


def _needs(
    requirements: Iterable[Requirement], offered: Mapping[str, Iterable[Version]], first: Needs
) -> dict[Node, frozenset[Version]]:
    found = dict(first)
    for requirement in requirements:
        admitted = frozenset(requirement.specifier.filter(offered.get(requirement.name, ()), prereleases=True))
        for extra in ("", *requirement.extras):
            node = requirement.name, extra
            found[node] = found.get(node, admitted) & admitted
    return found
