"""From a fleet to bases and locks."""

from __future__ import annotations

import json

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.resolver.fake_index import TARGET, FakeIndex, Projects, Release, constraint, fleet, model

from wheelyard_resolver.model import Fleet, ModelPackage
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.proposal import LockedPackage, Proposal, to_document
from wheelyard_resolver.propose import base_names, propose
from wheelyard_resolver.recheck import RecheckFailed, recheck
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.target import Target
from wheelyard_resolver.wording import sentence


def proposed(projects: Projects, found: Fleet) -> Proposal:
    return propose(found, Recording(FakeIndex(projects)))


def versions(proposal: Proposal, base: int = 0) -> dict[str, str]:
    return {package.name: str(package.version) for package in proposal.bases[base].packages}


THREE: Projects = {"x": {"1": [], "2": [], "3": []}}


def test_a_fleet_without_conflicts_shares_one_base() -> None:
    """The newest releases that all models admit, and nothing else."""
    projects: Projects = {**THREE, "y": {"1": ["x"], "2": ["x"]}, "unrelated": {"1": []}}
    found = proposed(projects, fleet(model("a", "x<3"), model("b", "y")))
    assert [base.models for base in found.bases] == [("a", "b")]
    assert versions(found) == {"x": "2", "y": "2"}


def test_three_models_that_cannot_all_share_get_two_bases() -> None:
    """x in {1,2}, {2,3}, {1,3}: the clique bound is 1, the answer 2."""
    found = proposed(THREE, fleet(model("a", "x!=3"), model("b", "x!=1"), model("c", "x!=2")))
    assert [base.models for base in found.bases] == [("a", "b"), ("c",)]
    assert (found.minimal, found.lower_bound) == (True, 2)
    assert [conflict.models for conflict in found.conflicts] == [("a", "b", "c")]


def test_an_unplaceable_model_is_told_with_its_reason_and_the_others_are_placed() -> None:
    """It never disappears silently."""
    projects: Projects = {**THREE, "s": {"1": Release(tags=[])}}
    found = proposed(projects, fleet(model("a", "x"), model("b", "s", owner="data")))
    assert [base.models for base in found.bases] == [("a",)]
    assert [(item.model, sentence(item.explanation)) for item in found.unplaceable] == [
        (
            "b",
            (
                "Because b (owner: data) requires s and no release that s admits can be used "
                "(1 has only an sdist), b cannot be installed on cp311-manylinux_2_28_x86_64."
            ),
        )
    ]


def test_a_model_for_another_python_is_unplaceable() -> None:
    """Requires-Python of the model itself."""
    lines = model("a", "x").lines
    own = ModelPackage(lines[0].project, Version("1"), TARGET, lines, requires_python=SpecifierSet(">=3.12"))
    found = proposed(THREE, fleet(own))
    assert [sentence(item.explanation) for item in found.unplaceable] == [
        (
            "Because x requires Python >=3.12 and cp311-manylinux_2_28_x86_64 has 3.11.4, "
            "x cannot be installed on cp311-manylinux_2_28_x86_64."
        )
    ]


def test_models_of_different_targets_never_share_a_base() -> None:
    """Same lines, two Pythons, two bases."""
    newer = Target("3.12.1", TARGET.platform)
    found = proposed(THREE, fleet(model("a", "x"), model("b", "x", target=newer)))
    assert [(base.name, str(base.target), base.models) for base in found.bases] == [
        ("base-a", "cp311-manylinux_2_28_x86_64", ("a",)),
        ("base-b", "cp312-manylinux_2_28_x86_64", ("b",)),
    ]


def test_models_with_the_same_lines_stay_together() -> None:
    """Twins are one question, and one place."""
    found = proposed(THREE, fleet(*(model(f"m{number}", "x<2") for number in range(9)), model("n", "x>2")))
    assert [len(base.models) for base in found.bases] == [9, 1]


def test_slots_of_a_model_are_models_of_their_own() -> None:
    """The canary may need another base than the default slot."""
    found = proposed(THREE, fleet(model("a", "x<2"), model("a", "x>2", slot="canary")))
    assert [base.models for base in found.bases] == [("a",), ("a@canary",)]


def test_constraints_hold_in_every_base() -> None:
    """x<3 for all, though nobody asked for it."""
    found = proposed(THREE, fleet(model("a", "x"), model("b", "x>1"), constraints=[constraint("x<3")]))
    assert versions(found) == {"x": "2"}


def test_the_lock_knows_what_depends_on_what() -> None:
    """With the dependencies of extras in force."""
    projects: Projects = {"x": {"1": Release(["y; extra == 'e'", "z"], extras=["e"])}, "y": {"1": []}, "z": {"1": []}}
    found = proposed(projects, fleet(model("a", "x[e]")))
    assert {package.name: package.dependencies for package in found.bases[0].packages} == {
        "x": ("y", "z"),
        "y": (),
        "z": (),
    }


def test_the_lock_knows_where_its_wheels_are_listed() -> None:
    """The index is the page's, without the project."""
    found = proposed(THREE, fleet(model("a", "x")))
    assert [package.index for package in found.bases[0].packages] == ["https://index.example/simple/"]
    assert found.bases[0].indexes == ("https://index.example/simple/",)


def test_the_same_input_gives_the_same_document() -> None:
    """Whatever the order of the models in the fleet."""
    projects: Projects = {**THREE, "y": {"1": ["x<3"], "2": ["x>=3"]}}
    models = model("a", "x<3"), model("b", "y"), model("c", "x>2")
    one, other = (json.dumps(to_document(proposed(projects, fleet(*order)))) for order in (models, models[::-1]))
    assert one == other


def test_the_snapshot_digest_follows_what_was_used() -> None:
    """An unrelated project changes nothing; a file more on a used page does."""
    found = fleet(model("a", "x"))
    digest = proposed(THREE, found).snapshot
    assert proposed({**THREE, "unrelated": {"1": []}}, found).snapshot == digest
    assert proposed({"x": {**THREE["x"], "0": []}}, found).snapshot != digest


def test_names_of_bases_go_on_after_z() -> None:
    """base-z, base-aa."""
    names = base_names()
    assert [next(names) for _ in range(28)][-3:] == ["base-z", "base-aa", "base-ab"]


def test_an_extra_that_is_not_declared_is_left_out_of_the_lock() -> None:
    """For the second opinion too."""
    found = proposed({"x": {"1": ["y; extra == 'e'"]}, "y": {"1": []}}, fleet(model("a", "x[e]")))
    assert versions(found) == {"x": "1"}


# -- the second opinion -----------------------------------------------------------------------------------------

CHAIN: Projects = {"x": {"1": ["y<2"]}, "y": {"1": [], "2": []}}


def locked(name: str, version: str) -> LockedPackage:
    filename = f"{name}-{version}-py3-none-any.whl"
    file = DistributionFile(filename, f"https://index.example/files/{filename}")
    return LockedPackage(canonicalize_name(name), Version(version), file, (), None)


@pytest.mark.parametrize(
    ("packages", "problem"),
    [
        ([("x", "1")], "x needs y<2, which is not locked"),
        ([("x", "1"), ("y", "2")], "x needs y<2, but y 2 is locked"),
        ([("y", "1")], "a needs x, which is not locked"),
    ],
)
def test_the_second_opinion_finds_a_lock_that_does_not_hold(packages: list[tuple[str, str]], problem: str) -> None:
    """A package missing, a package of the wrong version, a model's own line."""
    with pytest.raises(RecheckFailed) as raised:
        recheck(FakeIndex(CHAIN), TARGET, model("a", "x").lines, [locked(*package) for package in packages])
    assert problem in raised.value.problems


@pytest.mark.parametrize(
    ("requirement", "line", "needed"),
    [
        ("y; extra == 'e-f'", "x[E_F]", True),
        ("y; python_version >= '3' and extra == \"E.F\"", "x[e-f]", True),
        ("y; extra == 'g' or python_version >= '3'", "x", True),
        ("y; extra == 'g' or extra == 'e-f'", "x[e-f]", True),
        ("y; extra != 'g'", "x", True),
        ("y; extra == 'g'", "x[e-f]", False),
        ("y; extra == 'e-f' and python_version < '3'", "x[e-f]", False),
        ("y; extra == 'g' or extra == 'h'", "x[e-f]", False),
    ],
)
def test_the_second_opinion_follows_extras(requirement: str, line: str, needed: bool) -> None:
    """Which markers hold with the extras asked for: what holds and is not locked is a problem."""
    index = FakeIndex({"x": {"1": Release([requirement], extras=["e-f", "g", "h"])}})
    problems: tuple[str, ...] = ()
    try:
        recheck(index, TARGET, model("a", line).lines, [locked("x", "1")])
    except RecheckFailed as failure:
        problems = failure.problems
    assert problems == ((f"x needs {Requirement(requirement)}, which is not locked",) if needed else ())


def test_the_second_opinion_finds_what_nothing_needs() -> None:
    """y is locked, but x is all there is."""
    index = FakeIndex({**THREE, "y": {"1": []}})
    with pytest.raises(RecheckFailed) as raised:
        recheck(index, TARGET, model("a", "x").lines, [locked("x", "1"), locked("y", "1")])
    assert raised.value.problems == ("y is locked but nothing needs it",)
