"""Which versions exactly: pip's walk, without its dead ends."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.resolver.fake_index import TARGET, FakeIndex, Projects, Release, fleet, model

from wheelyard_resolver.model import ModelPackage, lines_of
from wheelyard_resolver.pick import pick_versions
from wheelyard_resolver.verdict import Engine, Solution


def picked(projects: Projects, *models: ModelPackage, preferred: dict[str, str] | None = None) -> dict[str, str]:
    engine = Engine.for_fleet(FakeIndex(projects), fleet(*models), TARGET)
    first = engine.together(models)
    assert isinstance(first, Solution), first
    kept = {canonicalize_name(name): Version(version) for name, version in (preferred or {}).items()}
    positions = pick_versions(engine, lines_of(models), first, kept)
    return {name: str(engine.universe.candidates(name).usable[place].version) for name, place in positions.items()}


def test_the_newest_releases_are_taken() -> None:
    """Of what is asked for and of what that needs."""
    projects: Projects = {"x": {"1": ["y"], "2": ["y"]}, "y": {"1": [], "2": []}}
    assert picked(projects, model("a", "x")) == {"x": "2", "y": "2"}


def test_an_accepted_lock_comes_first() -> None:
    """y stays at 1 though 2 is there; x was not in the lock."""
    projects: Projects = {"x": {"1": ["y"], "2": ["y"]}, "y": {"1": [], "2": []}}
    assert picked(projects, model("a", "x"), preferred={"y": "1"}) == {"x": "2", "y": "1"}


def test_a_version_that_no_longer_fits_is_not_kept() -> None:
    """The lock says y 1; the model has moved on."""
    projects: Projects = {"y": {"1": [], "2": []}}
    assert picked(projects, model("a", "y>1"), preferred={"y": "1"}) == {"y": "2"}


def test_what_an_older_candidate_needed_is_not_installed() -> None:
    """x 3 needs old, but is not the pick."""
    projects: Projects = {"x": {"2": [], "3": ["old", "y>5"]}, "y": {"1": []}, "old": {"1": []}}
    assert picked(projects, model("a", "x", "y")) == {"x": "2", "y": "1"}


def test_extras_and_their_project_share_one_version() -> None:
    """The extra exists in the newest only with an impossible need: both stay at 1."""
    projects: Projects = {
        "x": {
            "1": Release(["y; extra == 'e'"], extras=["e"]),
            "2": Release(["nowhere; extra == 'e'"], extras=["e"]),
        },
        "y": {"1": []},
    }
    assert picked(projects, model("a", "x"), model("b", "x[e]")) == {"x": "1", "y": "1"}
