"""Conflicts in words, whole."""

from __future__ import annotations

from collections.abc import Sequence

from tests.resolver.fake_index import TARGET, FakeIndex, Projects, Release, constraint, fleet, model

from wheelyard_resolver.explain import Explanation, explain
from wheelyard_resolver.model import CandidatePolicy, ModelPackage, RequirementLine
from wheelyard_resolver.page import parse_time
from wheelyard_resolver.verdict import Engine, MinimalConflict


def explained(
    projects: Projects,
    *models: ModelPackage,
    policy: CandidatePolicy | None = None,
    constraints: Sequence[RequirementLine] = (),
) -> Explanation:
    found = fleet(*models, policy=policy, constraints=constraints)
    engine = Engine.for_fleet(FakeIndex(projects), found, TARGET)
    answer = engine.together(models)
    assert isinstance(answer, MinimalConflict)
    return explain(engine, answer, models)


THREE: Projects = {"x": {"1": [], "2": [], "3": []}}


def test_two_lines_on_one_project() -> None:
    """Who wants what; each owner is told what would help."""
    found = explained(THREE, model("a", "x<2", owner="pricing"), model("b", "x>=2,<3"))
    assert str(found) == (
        "Because a (owner: pricing) requires x<2 and b requires x>=2,<3, a and b cannot be installed together."
    )
    assert found.hints == ("let a admit x 2 (it requires x<2)", "let b admit x 1 (it requires x>=2,<3)")


def test_a_chain_is_told_from_the_line_down() -> None:
    """a needs y needs z needs x<2; b wants x 2."""
    projects: Projects = {**THREE, "y": {"1": ["z"]}, "z": {"4": ["x<2"], "5": ["x<2"]}}
    assert str(explained(projects, model("a", "y"), model("b", "x>=2"))) == (
        "Because a requires y, y 1 depends on z, z 4 to 5 (2 releases) depend on x<2 and b requires x>=2, "
        "a and b cannot be installed together."
    )


def test_a_project_beside_the_chain_is_not_mentioned() -> None:
    """y also needs w, which has nothing to do with it."""
    projects: Projects = {**THREE, "y": {"1": ["w", "x<2"]}, "w": {"1": []}}
    assert str(explained(projects, model("a", "y"), model("b", "x>=2"))) == (
        "Because a requires y, y 1 depends on x<2 and b requires x>=2, a and b cannot be installed together."
    )


def test_three_models() -> None:
    """All three lines are needed."""
    assert str(explained(THREE, model("a", "x!=3"), model("b", "x!=1"), model("c", "x!=2"))) == (
        "Because a requires x!=3, b requires x!=1, c requires x!=2 and no release of x satisfies all of "
        "x!=3, x!=1 and x!=2, a, b and c cannot be installed together."
    )


def test_an_extra_in_the_chain() -> None:
    """The extra is part of what was asked."""
    projects: Projects = {**THREE, "y": {"1": Release(["x<2; extra == 'e'"], extras=["e"])}}
    assert str(explained(projects, model("a", "y[e]"), model("b", "x>=2"))) == (
        "Because a requires y[e], y 1 depends on x<2 and b requires x>=2, a and b cannot be installed together."
    )


def test_a_constraint_of_the_fleet_with_its_reason() -> None:
    """A constraint has no owner to talk to, but a reason."""
    found = explained(THREE, model("a", "x>=2"), constraints=[constraint("x<2", "glibc of the cluster")])
    assert str(found) == (
        "Because a requires x>=2 and the fleet is constrained to x<2 (glibc of the cluster), "
        "a cannot be installed on cp311-manylinux_2_28_x86_64."
    )


def test_a_project_that_does_not_exist() -> None:
    """Often a typing error."""
    assert str(explained(THREE, model("a", "pandsa"))) == (
        "Because a requires pandsa and the index has no project pandsa, "
        "a cannot be installed on cp311-manylinux_2_28_x86_64."
    )


def test_a_release_that_does_not_exist() -> None:
    """What is the newest, then?"""
    assert str(explained(THREE, model("a", "x>=9"))) == (
        "Because a requires x>=9 and the index has no release of x that satisfies >=9; the newest usable one is 3, "
        "a cannot be installed on cp311-manylinux_2_28_x86_64."
    )


def test_releases_that_are_there_but_cannot_be_used() -> None:
    """Each reason with its releases."""
    projects: Projects = {
        "x": {
            "1": [],
            "2": Release(tags=[]),
            "3": Release(tags=[]),
            "4": Release(requires_python=">=3.12"),
            "5": Release(tags=["cp311-cp311-win_amd64"]),
            "6": Release(uploaded="2026-06-01T00:00:00Z"),
        }
    }
    policy = CandidatePolicy(exclude_newer=parse_time("2026-05-01T00:00:00Z"))
    assert str(explained(projects, model("a", "x>1,<4"), policy=policy)) == (
        "Because a requires x>1,<4 and no release of x admitted by x>1,<4 can be used "
        "(2 to 3 (2 releases) have only an sdist), a cannot be installed on cp311-manylinux_2_28_x86_64."
    )
    assert str(explained(projects, model("a", "x>3"), policy=policy)) == (
        "Because a requires x>3 and no release of x admitted by x>3 can be used "
        "(5 has no wheel for cp311-manylinux_2_28_x86_64; 4 requires Python >=3.12; "
        "6 was uploaded after exclude-newer (2026-05-01)), a cannot be installed on cp311-manylinux_2_28_x86_64."
    )


def test_unusable_metadata() -> None:
    """A release whose METADATA cannot be read is named with the fault."""
    assert str(explained({"x": {"1": Release(metadata=None)}}, model("a", "x"))) == (
        "Because a requires x and x 1 cannot be used (its wheel holds no readable METADATA), "
        "a cannot be installed on cp311-manylinux_2_28_x86_64."
    )


def test_a_hint_that_would_not_help_all_is_not_given() -> None:
    """Were y the only conflict, either could give way; but x keeps the two apart as well."""
    projects: Projects = {**THREE, "y": {"1": [], "2": []}}
    assert explained(projects, model("a", "y<2", "x<2"), model("b", "y>1", "x>2")).hints == ()
