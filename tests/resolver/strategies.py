"""Random small universes and fleets."""

from __future__ import annotations

from hypothesis import strategies as st
from packaging.requirements import Requirement
from tests.resolver.fake_index import Release, constraint, model

from wheelyard_resolver.model import ModelPackage, RequirementLine

PROJECTS = ("p0", "p1", "p2", "p3")
VERSIONS = ("1", "2", "3")
SPECIFIERS = ("", "==1", "==2", "!=2", ">=2", "<3", "<2", ">=3", ">3")


@st.composite
def requirements(draw: st.DrawFn) -> str:
    """A requirement on one of the projects, now and then with its extra."""
    project = draw(st.sampled_from(PROJECTS))
    extra = draw(st.sampled_from(("", "", "", "[e]")))
    return f"{project}{extra}{draw(st.sampled_from(SPECIFIERS))}"


@st.composite
def dependencies(draw: st.DrawFn) -> str:
    """A requirement of a release: plain, of its extra, or for another platform."""
    return draw(requirements()) + draw(
        st.sampled_from(("", "", "", "; extra == 'e'", "; sys_platform == 'win32'", "; python_version >= '3.8'"))
    )


@st.composite
def releases(draw: st.DrawFn) -> Release:
    """A release, mostly ordinary."""
    unusual = draw(st.sampled_from(("", "", "", "", "", "", "yanked", "sdist", "python")))
    return Release(
        requires=tuple(draw(st.lists(dependencies(), max_size=2))),
        extras=("e",),
        yanked=unusual == "yanked",
        tags=() if unusual == "sdist" else ("py3-none-any",),
        requires_python="<3" if unusual == "python" else None,
    )


@st.composite
def universes(draw: st.DrawFn) -> dict[str, dict[str, Release]]:
    """Four projects with up to three releases each, in cycles as it comes; pre-releases among them."""
    found: dict[str, dict[str, Release]] = {}
    for project in PROJECTS:
        versions = draw(st.lists(st.sampled_from((*VERSIONS, "2.5b1", "4a1")), unique=True, max_size=3))
        found[project] = {version: draw(releases()) for version in versions}
    return found


@st.composite
def fleets(draw: st.DrawFn) -> tuple[ModelPackage, ...]:
    """Two to four models of one or two lines."""
    count = draw(st.integers(2, 4))
    return tuple(
        model(f"m{number}", *draw(st.lists(requirements(), min_size=1, max_size=2, unique=True)))
        for number in range(count)
    )


def stocked_universes() -> st.SearchStrategy[dict[str, dict[str, Release]]]:
    """As :func:`universes`, but of the first two projects there are three releases that may depend on the others."""
    plain = {version: Release() for version in VERSIONS}
    chained = {"1": Release(), "2": Release(["p2"]), "3": Release(["p3<3"])}
    return universes().map(lambda found: {**found, "p0": plain, "p1": chained})


@st.composite
def rivals(draw: st.DrawFn) -> tuple[ModelPackage, ...]:
    """Three to five models that want a few releases of the same two projects: most of them conflict."""
    wanted = st.tuples(st.sampled_from(PROJECTS[:2]), st.sampled_from(("==1", "==2", "<2", ">=3"))).map("".join)
    count = draw(st.integers(3, 5))
    return tuple(
        model(f"m{number}", *draw(st.lists(wanted, min_size=1, max_size=2, unique_by=lambda text: text[:2])))
        for number in range(count)
    )


def constraints() -> st.SearchStrategy[tuple[RequirementLine, ...]]:
    """None, or one on a plain project."""
    plain = requirements().filter(lambda text: not Requirement(text).extras)
    return st.lists(plain.map(constraint), max_size=1).map(tuple)
