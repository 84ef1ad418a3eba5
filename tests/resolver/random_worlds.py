"""Random universes and fleets from a seed.

Each seed is a world of its own, unrelated to its neighbours: hypothesis, left to draw a universe piece by piece,
repeats what it drew before, and nineteen of twenty fleets then hold a model that cannot be installed at all. Here
fleets that install, models that cannot be placed, and conflicts of two models or three are all frequent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from packaging.utils import NormalizedName, canonicalize_name
from tests.resolver.fake_index import Release, constraint, fleet, metadata, model

from wheelyard_resolver.model import CandidatePolicy, Fleet

Universe = Mapping[str, Mapping[str, Release]]

MISSING = "nowhere"
"""A project that requirements may name and no universe holds."""

_UNUSUAL = ("yanked", "sdist", "Requires-Python", "Requires-Python in METADATA", "unreadable METADATA")
_OPEN = ("", ">=2", "!=2", "!=1", "!=3", "<3")
_TIGHT = ("==1", "==2", "<2", ">=3", ">=2,<4", "~=2.0")
_ELSEWHERE = "; sys_platform == 'win32'"
_HERE = "; python_version >= '3.8'"


@dataclass(frozen=True)
class World:
    """What an index offers, and a fleet over it."""

    universe: Universe
    fleet: Fleet


def random_world(seed: int, *, projects: int = 4, versions: int = 3, models: int = 4) -> World:
    """A world of that size with cycles, extras, markers, pre-releases, releases that are unusable for one reason or
    another, projects that do not exist, a constraint now and then, and a policy that admits now and then."""
    random = Random(seed)
    names = [f"p{number}" for number in range(projects)]
    universe = {name: _releases(random, names, name, versions) for name in names}
    wanted = [_lines(random, names) for _ in range(models)]
    limits = [constraint(_plain(random, names) + random.choice(("", "", _ELSEWHERE)))] if _seldom(random, 0.2) else []
    policy = CandidatePolicy(pre_releases=_some(random, names), yanked=_some(random, names))
    stated = (model(f"m{number}", *texts) for number, texts in enumerate(wanted))
    return World(universe, fleet(*stated, constraints=limits, policy=policy))


def _seldom(random: Random, chance: float) -> bool:
    return random.random() < chance


def _some(random: Random, names: Sequence[str]) -> frozenset[NormalizedName]:
    return frozenset(canonicalize_name(name) for name in names if _seldom(random, 0.1))


def _releases(random: Random, names: Sequence[str], name: str, count: int) -> dict[str, Release]:
    numbers = range(1, random.choice((count, count, count, count, max(1, count - 1))) + 1)
    early = 0.5 if _seldom(random, 0.1) else 0.03
    versions = (f"{number}{'b1' * _seldom(random, early)}" for number in numbers)
    return {version: _release(random, names, name, version) for version in versions}


def _release(random: Random, names: Sequence[str], name: str, version: str) -> Release:
    unusual = random.choice(_UNUSUAL) if _seldom(random, 0.07) else ""
    metadata_of = {
        "Requires-Python in METADATA": metadata(name, version).replace(b"\n\n", b"\nRequires-Python: <3\n\n", 1),
        "unreadable METADATA": None,
    }
    return Release(
        requires=[_dependency(random, names) for _ in range(random.choice((0, 0, 0, 1, 2)))],
        extras=("e",),
        yanked=unusual == "yanked",
        tags=() if unusual == "sdist" else ("py3-none-any",),
        requires_python="<3" if unusual == "Requires-Python" else None,
        metadata=metadata_of.get(unusual, b""),
    )


def _dependency(random: Random, names: Sequence[str]) -> str:
    name = MISSING if _seldom(random, 0.01) else random.choice(names)
    specifier = random.choice(_OPEN * 4 + _TIGHT)
    marker = random.choice(("", "", "", _ELSEWHERE, _HERE, "; extra == 'e'", "; extra == 'e'"))
    return name + random.choice(("", "", "[e]")) + specifier + marker


def _lines(random: Random, names: Sequence[str]) -> list[str]:
    """One to three lines of a model, of different projects: nobody contradicts himself. The first are in demand."""
    asked = sorted(random.sample(names, k=min(len(names), random.choice((1, 2, 2, 3)))), key=names.index)
    lines = [
        name + random.choice(("", "", "[e]")) + random.choice(_OPEN * 5 + _TIGHT) + random.choice(("", "", "", _HERE))
        for name in asked
    ]
    strange = [f"{MISSING}{random.choice(('', _ELSEWHERE, _ELSEWHERE))}"] if _seldom(random, 0.03) else []
    return [*lines, *strange]


def _plain(random: Random, names: Sequence[str]) -> str:
    return random.choice(names) + random.choice(("<3", ">=2", "!=2", "!=1"))
