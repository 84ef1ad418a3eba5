"""Candidates for a small fleet with two accepted bases: at least two for each level.

What is said of a candidate stands in ``admissions/``, one file each, in every format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.resolver.fake_index import FakeIndex, Projects, Release, fleet, model

from wheelyard_cli.report_formats.places import Repository
from wheelyard_resolver.admission import admit
from wheelyard_resolver.candidate_report import candidate_report
from wheelyard_resolver.levels import Level
from wheelyard_resolver.model import AcceptedBase, Fleet, ModelPackage
from wheelyard_resolver.report import Report

PROJECTS: Projects = {
    "x": {"1.0": [], "1.1": [], "2.0": []},
    "w": {"1.0": [], "2.0": []},
    "z": {"1.0": [], "2.0": []},
    "y": {"1.0": ["x>=2", "w>=2"]},
    "s": {"1.0": [], "1.5": ["w<2"]},
    "k": {"1.0": Release(["s; extra == 'fast'"], extras=["fast"])},
}


def placed(found: ModelPackage, path: str, first: int) -> ModelPackage:
    """A model whose lines stand in a file, from a line on."""
    lines = [replace(line, origin=f"{path}:{number}") for number, line in enumerate(found.lines, first)]
    return replace(found, lines=tuple(lines))


def accepted(name: str, models: tuple[str, ...], **versions: str) -> AcceptedBase:
    """A base with its lock."""
    pins = tuple((canonicalize_name(project), Version(version)) for project, version in versions.items())
    return AcceptedBase(name, models, f"pylock.{name}.toml", pins)


FLEET: Fleet = replace(
    fleet(
        placed(model("demand", "x<2", owner="forecasting"), "fleet.toml", 11),
        placed(model("flex", "z<2"), "fleet.toml", 17),
        placed(model("price", "x>=2", "w<2", owner="pricing"), "fleet.toml", 23),
    ),
    bases=(accepted("base-a", ("demand", "flex"), x="1.0", z="1.0"), accepted("base-b", ("price",), x="2.0", w="1.0")),
)


def candidate(name: str, *requires: str) -> ModelPackage:
    """A candidate as a project directory would give it."""
    owner = next((known.owner for known in FLEET.models if known.key == name), None)
    return placed(replace(model(name, *requires, owner=owner), version=Version("2.0")), "pyproject.toml", 6)


CANDIDATES: Mapping[str, tuple[Level, ModelPackage]] = {
    "fits-new": (Level.FITS, candidate("solar", "x")),
    "fits-in-place": (Level.FITS, candidate("flex", "z<3", "x<2")),
    "rebuild-for-one-more": (Level.REBUILD, candidate("flex", "z<2", "s")),
    "rebuild-for-a-newer-one": (Level.REBUILD, candidate("demand", "x>=1.1,<2")),
    "rebuild-for-what-an-extra-brings": (Level.REBUILD, candidate("price", "x>=2", "k[fast]")),
    "moves-as-built": (Level.MOVES, candidate("flex", "x>=2")),
    "moves-rebuilt": (Level.MOVES, candidate("flex", "x>=2", "s")),
    "regroup-new": (Level.REGROUP, candidate("solar", "w>=2", "z>=2")),
    "regroup-in-place": (Level.REGROUP, candidate("demand", "x<2", "z>=2")),
    "new-base-new": (Level.NEW_BASE, candidate("solar", "x>=2", "w>=2")),
    "new-base-in-place": (Level.NEW_BASE, candidate("flex", "y")),
    "not-installable-typing-error": (Level.NOT_INSTALLABLE, candidate("solar", "pandsa")),
    "not-installable-against-itself": (Level.NOT_INSTALLABLE, candidate("flex", "y", "x<2")),
}


def report(name: str, fail_on: Level = Level.NEW_BASE) -> Report:
    """What is found out about a candidate."""
    found = admit(FLEET, CANDIDATES[name][1], FakeIndex(PROJECTS))
    return candidate_report(found, FLEET, "sha256:" + "5" * 64, fail_on)


REPOSITORY = Repository(Path("/repository"), Path("pyproject.toml"))
