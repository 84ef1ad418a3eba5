"""What a hint promises comes true: it is applied, and brute force looks again."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version
from tests.resolver import brute_force, strategies
from tests.resolver.fake_index import TARGET, FakeIndex, Release, fleet, model

from wheelyard_resolver.clash import why_apart
from wheelyard_resolver.errors import MissingOffline
from wheelyard_resolver.explain import explain
from wheelyard_resolver.fleet_check import check_fleet
from wheelyard_resolver.hints import AdmitPreReleases, AdmitYanked, ChangeSeveral, Hint, Relax, UseRelease, find_hints
from wheelyard_resolver.model import CandidatePolicy, ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.plan import plan
from wheelyard_resolver.relaxing import relaxed
from wheelyard_resolver.verdict import Engine, MinimalConflict

Universe = dict[str, dict[str, Release]]
Lines = tuple[RequirementLine, ...]


def swapped(lines: Sequence[RequirementLine], hint: Relax) -> list[RequirementLine]:
    """The lines with the one of the hint replaced."""
    assert any(line is hint.line for line in lines)
    return [hint.relaxed if line is hint.line else line for line in lines]


def comes_true(universe: Universe, models: Sequence[ModelPackage], limits: Lines, hint: Hint) -> bool:
    """Whether all the models can be installed together once the hint is followed.

    Of a hint that one change is not enough: whether no line left out makes them so.
    """
    lines = [*lines_of(models), *limits]
    if isinstance(hint, ChangeSeveral):
        shorter = [[line for line in lines if line is not dropped] for dropped in hint.of.lines]
        return not any(brute_force.installs(universe, rest) for rest in [*shorter, [*hint.also]])
    if isinstance(hint, Relax):
        return brute_force.installs(universe, swapped(lines, hint))
    if isinstance(hint, UseRelease):
        newer = [hint.model if item.key == hint.model.key else item for item in models]
        return brute_force.installs(universe, [*lines_of(newer), *limits])
    policy = CandidatePolicy(
        yanked=frozenset({hint.project} if isinstance(hint, AdmitYanked) else ()),
        pre_releases=frozenset({hint.project} if isinstance(hint, AdmitPreReleases) else ()),
    )
    changed = fleet(*models, constraints=limits, policy=policy)
    answer = Engine.for_fleet(FakeIndex(universe), changed, TARGET).together(models)
    return not isinstance(answer, MinimalConflict)


@given(strategies.stocked_universes(), strategies.rivals() | strategies.fleets(), strategies.constraints())
@settings(max_examples=max(150, settings().max_examples))
def test_whoever_follows_a_hint_is_rid_of_the_conflict(
    universe: Universe, models: tuple[ModelPackage, ...], limits: Lines
) -> None:
    """Of all the models asked about, not only those of the conflict."""
    engine = Engine.for_fleet(FakeIndex(universe), fleet(*models, constraints=limits), TARGET)
    answer = engine.together(models)
    if not isinstance(answer, MinimalConflict):
        return
    for hint in find_hints(engine, answer, explain(engine, answer), models):
        event(type(hint).__name__)
        assert comes_true(universe, models, limits, hint)


@given(strategies.universes(), strategies.fleets(), strategies.constraints())
def test_a_model_that_cannot_be_installed_can_be_once_a_hint_is_followed(
    universe: Universe, models: tuple[ModelPackage, ...], limits: Lines
) -> None:
    engine = Engine.for_fleet(FakeIndex(universe), fleet(*models, constraints=limits), TARGET)
    for alone in models:
        for _, hints in why_apart(engine, [alone]):
            for hint in hints:
                event(type(hint).__name__)
                assert comes_true(universe, [alone], limits, hint)


@given(strategies.stocked_universes(), strategies.rivals(), strategies.constraints())
def test_a_relief_frees_whom_it_says(universe: Universe, models: tuple[ModelPackage, ...], limits: Lines) -> None:
    """Before, no two of them can be installed together; after, the model with each that is freed."""
    found = check_fleet(asked := fleet(*models, constraints=limits), plan(asked, FakeIndex(universe)))
    for dispute in found.disputes:
        relief = dispute.relief
        if relief is None or relief.change.line.model is None:
            continue
        event("relief")
        own = asked.model(relief.change.line.model)
        assert own is not None
        for key in relief.blocked:
            other = asked.model(key)
            assert other is not None
            assert not brute_force.installs(universe, [*own.lines, *other.lines, *limits])
            if key in relief.freed:
                changed = swapped(own.lines, relief.change)
                assert brute_force.installs(universe, [*changed, *other.lines, *limits])


VERSIONS = st.sampled_from(["0.3", "0.9.1", "1.0", "1.4.2", "2.0rc1", "2.0", "2.0.post1", "3.1+cpu", "11.2", "1!0.1"])
CLAUSES = st.sampled_from(
    ["<1", "<=1.0", ">1.0", ">=2", "==1.0", "==1.*", "~=1.4", "!=2.0", "===1.0", "<0.9", ">=0.3", "<1!0", "==3.1+cpu"]
)


@given(st.lists(CLAUSES, max_size=3).map(",".join), VERSIONS)
@example("==1.0", "0.9.1")
def test_a_relaxed_requirement_admits_the_version_and_all_that_it_did(specifier: str, version: str) -> None:
    old = Requirement(f"x[e]{specifier} ; python_version > '3'")
    new = relaxed(old, Version(version))
    assert (new.name, new.extras, new.marker) == (old.name, old.extras, old.marker)
    assert new.specifier.contains(version, prereleases=True)
    for other in ("0.3", "0.9.1", "1.0", "1.4.2", "2.0rc1", "2.0", "2.0.post1", "3.1+cpu", "11.2", "1!0.1"):
        if old.specifier.contains(other, prereleases=True):
            assert new.specifier.contains(other, prereleases=True)


class Forgetful(FakeIndex):
    """An index that has lost the metadata of some files, as a snapshot has that never saw them."""

    def __init__(self, projects: Universe, lost: str) -> None:
        super().__init__(projects)
        self._lost = lost

    def metadata(self, files: Sequence[DistributionFile]) -> dict[str, bytes | None]:
        """See Index."""
        if any(self._lost in file.filename for file in files):
            raise MissingOffline(what=self._lost, snapshot="a test's")
        return dict(super().metadata(files))


def test_what_a_hint_would_have_to_read_may_be_out_of_reach() -> None:
    """x 2 was never read: then no hint speaks of it."""
    projects = {"x": {"1": Release(), "2": Release()}}
    models = model("a", "x<2"), model("b", "x>=2")
    knowing = Engine.for_fleet(FakeIndex(projects), fleet(*models), TARGET)
    conflict = knowing.together(models)
    assert isinstance(conflict, MinimalConflict)
    told = explain(knowing, conflict)
    hints = find_hints(Engine.for_fleet(Forgetful(projects, "x-2-"), fleet(*models), TARGET), conflict, told, models)
    assert [str(hint.relaxed.requirement) for hint in hints if isinstance(hint, Relax)] == ["x>=1"]


def test_a_relaxation_keeps_owner_and_place_of_its_line() -> None:
    line = dataclasses.replace(model("a", "x<2", owner="grid").lines[0], origin="pyproject.toml:3")
    models = dataclasses.replace(model("a"), lines=(line,)), model("b", "x>=2")
    engine = Engine.for_fleet(FakeIndex({"x": {"1": [], "2": []}}), fleet(*models), TARGET)
    (_, hints), *_ = why_apart(engine, models)
    first = hints[0]
    assert isinstance(first, Relax)
    assert (first.relaxed.owner, first.relaxed.origin) == ("grid", "pyproject.toml:3")
