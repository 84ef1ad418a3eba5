"""Where resolvelib alone says "impossible" of what can be installed, and the product does not.

pip and others resolve with it. Its backjumping may skip the only solution (its issue 206), which is why a "no" never
comes from there; the tests that show it wrong will fail on the day when it is mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from resolvelib import AbstractProvider, BaseReporter, ResolutionImpossible, Resolver
from resolvelib.resolvers import RequirementInformation
from tests.resolver.fake_index import FakeIndex, fleet, model

from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording

Universe = Mapping[str, Mapping[str, Sequence[str]]]


@dataclass(frozen=True)
class Case:
    """A universe, the projects that are asked for (by a model each), and the one way to install them."""

    name: str
    universe: Universe
    roots: tuple[str, ...]
    solution: Mapping[str, str]


CASES = (
    Case(
        name="with a cycle: resolvelib's issue 206",
        universe={
            "p0": {"2": ["p2==2"]},
            "p1": {"1": [], "2": ["p0==2"]},
            "p2": {"1": ["p1>=1,<=2"], "2": ["p1==3"]},
        },
        roots=("p2",),
        solution={"p1": "1", "p2": "1"},
    ),
    Case(
        name="without a cycle: three models, found by comparing resolvelib with a SAT solver",
        universe={
            "p1": {"7": [], "8": ["p17==3"]},
            "p5": {"2": [], "5": ["p18>=5,<=6"]},
            "p7": {"5": ["p10>=3,<=4"], "7": ["p16==2"]},
            "p10": {"4": ["p18>=3,<=4"]},
            "p16": {"8": []},
            "p17": {"3": ["p19==4"]},
            "p18": {"4": [], "6": []},
            "p19": {"8": []},
        },
        roots=("p1", "p5", "p7"),
        solution={"p1": "7", "p5": "2", "p7": "5", "p10": "4", "p18": "4"},
    ),
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


class Pin(NamedTuple):
    """A project at a version."""

    project: str
    version: Version


class PlainProvider(AbstractProvider[Requirement, Pin, str]):
    """The simplest there is: newest first, projects by name."""

    def __init__(self, universe: Universe) -> None:
        self._universe = universe

    def identify(self, requirement_or_candidate: Requirement | Pin) -> str:
        found = requirement_or_candidate
        return found.project if isinstance(found, Pin) else found.name

    def get_preference(
        self,
        identifier: str,
        resolutions: Mapping[str, Pin],  # noqa: ARG002 (resolvelib passes by keyword)
        candidates: Mapping[str, Iterator[Pin]],  # noqa: ARG002
        information: Mapping[str, Iterator[RequirementInformation[Requirement, Pin]]],  # noqa: ARG002
        backtrack_causes: Sequence[RequirementInformation[Requirement, Pin]],  # noqa: ARG002
    ) -> str:
        return identifier

    def find_matches(
        self,
        identifier: str,
        requirements: Mapping[str, Iterator[Requirement]],
        incompatibilities: Mapping[str, Iterator[Pin]],
    ) -> list[Pin]:
        refused = set(incompatibilities[identifier])
        pins = sorted((Pin(identifier, Version(text)) for text in self._universe[identifier]), reverse=True)
        wanted = list(requirements[identifier])
        return [pin for pin in pins if pin not in refused and all(pin.version in want.specifier for want in wanted)]

    def is_satisfied_by(self, requirement: Requirement, candidate: Pin) -> bool:
        return candidate.version in requirement.specifier

    def get_dependencies(self, candidate: Pin) -> list[Requirement]:
        return [Requirement(text) for text in self._universe[candidate.project][str(candidate.version)]]


@each_case
def test_resolvelib_alone_calls_it_impossible(case: Case) -> None:
    resolver = Resolver(PlainProvider(case.universe), BaseReporter[Requirement, Pin, str]())
    with pytest.raises(ResolutionImpossible):
        resolver.resolve([Requirement(root) for root in case.roots])


@each_case
def test_the_product_installs_it(case: Case) -> None:
    """In one base, and the lock is the only way there is."""
    models = (model(f"wants-{root}", root) for root in case.roots)
    (base,) = propose(fleet(*models), Recording(FakeIndex(case.universe))).bases
    assert {package.name: str(package.version) for package in base.packages} == case.solution
