"""Can models be installed together, and if not, which few lines say so."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.resolver.fake_index import TARGET, FakeIndex, Projects, Release, constraint, fleet, metadata, model

from wheelyard_resolver.core_metadata import UndefinedMarker
from wheelyard_resolver.model import CandidatePolicy, ModelPackage, RequirementLine
from wheelyard_resolver.verdict import Engine, MinimalConflict


def ask(
    projects: Projects | FakeIndex,
    *models: ModelPackage,
    policy: CandidatePolicy | None = None,
    constraints: Sequence[RequirementLine] = (),
) -> dict[str, str] | MinimalConflict:
    """What the models install together, project to version, or why they cannot."""
    index = projects if isinstance(projects, FakeIndex) else FakeIndex(projects)
    engine = Engine.for_fleet(index, fleet(*models, policy=policy, constraints=constraints), TARGET)
    answer = engine.together(models)
    if isinstance(answer, MinimalConflict):
        return answer
    return {name: str(engine.universe.candidates(name).versions[place]) for name, place in answer.positions.items()}


def conflict(answer: dict[str, str] | MinimalConflict) -> tuple[tuple[str, ...], list[str]]:
    assert isinstance(answer, MinimalConflict), answer
    return answer.models, [str(line.requirement) for line in answer.lines]


THREE: Projects = {"x": {"1": [], "2": [], "3": []}}


def test_compatible_ranges_have_a_solution() -> None:
    """The ranges overlap in 2."""
    assert ask(THREE, model("a", "x<3"), model("b", "x>1")) == {"x": "2"}


def test_disjoint_ranges_conflict_in_two_lines() -> None:
    """Each model's other line is left out."""
    projects: Projects = {**THREE, "y": {"1": []}}
    answer = ask(projects, model("a", "y", "x<2"), model("b", "x>=2", "y"))
    assert conflict(answer) == (("a", "b"), ["x<2", "x>=2"])


def test_three_models_may_conflict_though_every_pair_installs() -> None:
    """x in {1,2}, {2,3} and {1,3}: pairs are not enough."""
    models = model("a", "x!=3"), model("b", "x!=1"), model("c", "x!=2")
    for one in models:
        rest = [other for other in models if other is not one]
        assert not isinstance(ask(THREE, *rest), MinimalConflict)
    assert conflict(ask(THREE, *models)) == (("a", "b", "c"), ["x!=3", "x!=1", "x!=2"])


def test_a_conflict_is_minimal_in_models_before_lines() -> None:
    """Two models conflict in three lines; a two-line conflict over three models would name one model too many."""
    projects: Projects = {"x": {"1": [], "2": []}, "y": {"1": ["x==1"], "2": ["x==2"]}, "z": {"1": []}}
    answer = ask(projects, model("a", "y<2", "z"), model("b", "z", "x>=2"), model("c", "z"))
    assert conflict(answer) == (("a", "b"), ["y<2", "x>=2"])


def test_an_older_release_is_taken_where_the_newest_does_not_fit() -> None:
    """y 2 wants x 2, which a forbids; y 1 does."""
    projects: Projects = {"x": {"1": [], "2": []}, "y": {"1": ["x==1"], "2": ["x==2"]}}
    assert ask(projects, model("a", "x<2", "y")) == {"x": "1", "y": "1"}


def test_a_marker_that_does_not_hold_on_the_target_asks_for_nothing() -> None:
    """On Linux, the Windows line of the model and the one of the release are not there."""
    projects: Projects = {"x": {"1": ["nowhere; sys_platform == 'win32'"]}}
    assert ask(projects, model("a", "x", "nowhere2; python_version < '3'")) == {"x": "1"}


def test_an_extra_brings_its_dependencies() -> None:
    """x[fast] needs y; plain x does not."""
    projects: Projects = {"x": {"1": Release(["y; extra == 'fast'"], extras=["fast"])}, "y": {"1": []}}
    assert ask(projects, model("a", "x[fast]")) == {"x": "1", "y": "1"}
    assert ask(projects, model("a", "x")) == {"x": "1"}


def test_extras_may_ask_for_extras_of_their_own_project() -> None:
    """x[all] -> x[one,two], as many projects spell it."""
    release = Release(
        ["x[one,two]; extra == 'all'", "y; extra == 'one'", "z; extra == 'two'"], extras=["all", "one", "two"]
    )
    projects: Projects = {"x": {"1": release}, "y": {"1": []}, "z": {"1": []}}
    assert ask(projects, model("a", "x[all]")) == {"x": "1", "y": "1", "z": "1"}


def test_one_model_activates_an_extra_for_all() -> None:
    """What b asks of x's extra restricts a, too."""
    projects: Projects = {"x": {"1": Release(["y<2; extra == 'e'"], extras=["e"])}, "y": {"1": [], "2": []}}
    answer = ask(projects, model("a", "x", "y>=2"), model("b", "x[e]"))
    assert conflict(answer) == (("a", "b"), ["y>=2", "x[e]"])


def test_names_of_extras_are_normalised() -> None:
    """PEP 685: Fast_IO is fast-io."""
    projects: Projects = {"x": {"1": Release(["y; extra == 'Fast_IO'"], extras=["Fast_IO"])}, "y": {"1": []}}
    assert ask(projects, model("a", "x[fast.io]")) == {"x": "1", "y": "1"}


def test_an_extra_that_a_release_does_not_offer_is_ignored() -> None:
    """pip and uv warn and go on."""
    assert ask(THREE, model("a", "x[nope]==3")) == {"x": "3"}


def test_an_extra_that_is_not_declared_asks_for_nothing() -> None:
    """Without Provides-Extra it is not offered, whatever markers say: pip warns and goes on."""
    projects: Projects = {"x": {"1": ["y; extra == 'e'"]}, "y": {"1": []}}
    assert ask(projects, model("a", "x[e]")) == {"x": "1"}


def test_an_extra_may_ask_for_itself() -> None:
    """x[all] -> x[all]."""
    projects: Projects = {
        "x": {"1": Release(["x[all]; extra == 'all'", "y; extra == 'all'"], extras=["all"])},
        "y": {"1": []},
    }
    assert ask(projects, model("a", "x[all]")) == {"x": "1", "y": "1"}


def test_a_constraint_restricts_without_installing() -> None:
    """The fleet's x<2 does not bring x in, but keeps its releases down."""
    projects: Projects = {**THREE, "y": {"1": []}}
    limits = [constraint("x<2")]
    assert ask(projects, model("a", "y"), constraints=limits) == {"y": "1"}
    assert ask(projects, model("a", "x"), constraints=limits) == {"x": "1"}
    assert conflict(ask(projects, model("a", "x>=2"), constraints=limits)) == (("a",), ["x>=2", "x<2"])


def test_metadata_that_cannot_be_read_takes_its_release_out() -> None:
    """x 3 has an impossible dependency line, x 2 no METADATA at all: x 1 is left."""
    broken = b"Metadata-Version: 2.1\nName: x\nVersion: 3\nRequires-Dist: y (>=1,\n\n"
    projects: Projects = {"x": {"1": [], "2": Release(metadata=None), "3": Release(metadata=broken)}}
    assert ask(projects, model("a", "x")) == {"x": "1"}
    assert conflict(ask(projects, model("a", "x>1"))) == (("a",), ["x>1"])


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x00 no headers at all",
        b"Metadata-Version: 2.1\nVersion: 2\n\n",
        b"Metadata-Version: 2.1\nName: x\n\n",
        metadata("x", "2", ["y; python_version ~= '3'"]),
        metadata("x", "2", ["y; sys_platform === 'linux'"]),
        metadata("x", "2", ["y; 'e' in extras"]),
        metadata("x", "2", [f"y; {'(' * 3000}python_version > '3'{')' * 3000}"]),
        metadata("x", "2").replace(b"\n\n", b"\nRequires-Python: >=three\n\n", 1),
        metadata("y", "2"),
        metadata("x", "2.1"),
        metadata("x", "two"),
    ],
)
def test_metadata_that_says_nothing_sensible_takes_its_release_out(content: bytes) -> None:
    """No name, no version, a marker without a value, brackets without end, a Requires-Python that is none, the name or
    the version of another release."""
    projects: Projects = {"x": {"1": [], "2": Release(metadata=content)}, "y": {"1": []}}
    assert ask(projects, model("a", "x")) == {"x": "1"}
    assert conflict(ask(projects, model("a", "x>1"))) == (("a",), ["x>1"])


def test_names_and_versions_are_compared_as_such() -> None:
    """X 2.0 is x 2."""
    projects: Projects = {"x": {"1": [], "2": Release(metadata=metadata("X", "2.0"))}}
    assert ask(projects, model("a", "x")) == {"x": "2"}


def test_a_newer_metadata_version_is_read_as_far_as_it_is_known() -> None:
    """As pip does for metadata that the wheel does not vouch for."""
    newer = metadata("x", "2", ["y"]).replace(b"Metadata-Version: 2.3", b"Metadata-Version: 9.9")
    projects: Projects = {"x": {"1": [], "2": Release(metadata=newer)}, "y": {"1": []}}
    assert ask(projects, model("a", "x>1")) == {"x": "2", "y": "1"}


def test_a_marker_of_a_models_line_must_have_a_value() -> None:
    """Its author can mend it: an error, not a verdict."""
    with pytest.raises(UndefinedMarker) as caught:
        ask(THREE, model("a", "x; python_version ~= '3'"))
    assert caught.value.message.startswith("the marker 'python_version ~= \"3\"' has no value: ")


def test_requires_python_of_the_metadata_counts_where_the_page_is_silent() -> None:
    """Indexes older than PEP 503's attribute state it in METADATA only."""
    old = b"Metadata-Version: 2.1\nName: x\nVersion: 2\nRequires-Python: <3\n\n"
    projects: Projects = {"x": {"1": [], "2": Release(metadata=old)}}
    assert ask(projects, model("a", "x")) == {"x": "1"}


def test_the_best_wheel_decides_the_metadata() -> None:
    """Two wheels of one release disagree; the one that would be installed is right."""
    release = Release(
        tags=["py3-none-any", "cp311-cp311-manylinux_2_17_x86_64"],
        metadata_by_tag={"py3-none-any": ["nowhere"], "cp311-cp311-manylinux_2_17_x86_64": ["y"]},
    )
    assert ask({"x": {"1": release}, "y": {"1": []}}, model("a", "x")) == {"x": "1", "y": "1"}


def test_a_direct_reference_is_the_only_candidate_of_its_line() -> None:
    """The wheel behind the URL is installed, and its own dependencies count."""
    url = "https://elsewhere.example/x-9-py3-none-any.whl"
    index = FakeIndex({**THREE, "y": {"1": []}})
    index.host(url, metadata("x", "9", ["y"]))
    assert ask(index, model("a", f"x @ {url}")) == {"x": "9", "y": "1"}
    assert conflict(ask(index, model("a", f"x @ {url}"), model("b", "x<9")))[0] == ("a", "b")


def test_a_release_that_depends_on_a_url_is_unusable() -> None:
    """Only a model's own line may name a URL."""
    projects: Projects = {"x": {"1": [], "2": ["y @ https://elsewhere.example/y-1-py3-none-any.whl"]}}
    assert ask(projects, model("a", "x")) == {"x": "1"}


def test_models_may_name_the_same_url_but_not_two() -> None:
    """The URL as it is written: two places may hold two wheels of one name."""
    here, there = (f"https://{host}.example/x-9-py3-none-any.whl" for host in ("here", "there"))
    index = FakeIndex(THREE)
    index.host(here, metadata("x", "9"))
    index.host(there, metadata("x", "9"))
    assert ask(index, model("a", f"x @ {here}"), model("b", f"x @ {here}")) == {"x": "9"}
    assert conflict(ask(index, model("a", f"x @ {here}"), model("b", f"x @ {there}")))[0] == ("a", "b")


def test_a_direct_reference_is_a_candidate_for_all_and_may_bring_an_extra() -> None:
    """b did not name the URL and gets it: candidates belong to the fleet, not to a line."""
    url = "https://elsewhere.example/x-9-py3-none-any.whl"
    index = FakeIndex({**THREE, "y": {"1": []}})
    index.host(url, metadata("x", "9", ["y; extra == 'e'"], ["e"]))
    assert ask(index, model("a", f"x[e] @ {url}"), model("b", "x>3")) == {"x": "9", "y": "1"}


@pytest.mark.parametrize(
    "url", ["https://e.example/x-9.tar.gz", "git+https://e.example/x", "https://e.example/q-9-py3-none-any.whl"]
)
def test_a_direct_reference_that_is_no_wheel_of_the_project_cannot_be_installed(url: str) -> None:
    """Nothing is built or cloned, and q is not x."""
    assert conflict(ask(THREE, model("a", f"x @ {url}"))) == (("a",), [f"x @ {url}"])


@pytest.mark.parametrize(
    ("line", "pick"),
    [
        ("x==1.0", "1.0+cpu"),
        ("x<=1.0", "1.0+cpu"),
        ("x==1.0+cpu", "1.0+cpu"),
        ("x===1.0", "1.0"),
        ("x>1.0", None),
        ("x!=1.0", None),
    ],
)
def test_local_versions(line: str, pick: str | None) -> None:
    """A specifier without a local part ignores that of the release (PEP 440); the release with one is the newer."""
    answer = ask({"x": {"1.0": [], "1.0+cpu": []}}, model("a", line))
    assert (None if isinstance(answer, MinimalConflict) else answer) == (pick and {"x": pick})


def test_local_versions_and_epochs_are_compared_as_pep_440_says() -> None:
    """x==1.0 admits 1.0+cpu; 1!1.0 is newer than 2.0."""
    projects: Projects = {"x": {"1.0+cpu": []}, "y": {"2.0": [], "1!1.0": []}}
    assert ask(projects, model("a", "x==1.0", "y>2")) == {"x": "1.0+cpu", "y": "1!1.0"}


def test_cycles_are_no_trouble() -> None:
    """x needs y needs x."""
    projects: Projects = {"x": {"1": ["y"], "2": ["y<2"]}, "y": {"1": ["x>1"], "2": ["x<2"]}}
    assert ask(projects, model("a", "x", "y")) in ({"x": "2", "y": "1"}, {"x": "1", "y": "2"})


def test_a_conflict_without_a_project_names_the_line() -> None:
    """The index does not know nowhere."""
    assert conflict(ask(THREE, model("a", "x", "nowhere"))) == (("a",), ["nowhere"])


def test_only_what_a_solution_reaches_is_read() -> None:
    """Metadata of releases that are not picked is left alone."""
    index = FakeIndex({"x": {str(number): [] for number in range(100)}})
    ask(index, model("a", "x"))
    assert index.asked == ["x", "x-99-py3-none-any.whl"]
