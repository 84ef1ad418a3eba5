"""What a sum of conflicts must hold to, in random fleets."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from packaging.specifiers import SpecifierSet
from tests.resolver import brute_force, strategies
from tests.resolver.fake_index import FakeIndex, Release, fleet, model

from wheelyard_resolver.fleet_check import FleetCheck, check_fleet
from wheelyard_resolver.model import ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.plan import plan
from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording

Universe = dict[str, dict[str, Release]]
Lines = tuple[RequirementLine, ...]


def checked(universe: Universe, *models: ModelPackage, limits: Lines = ()) -> FleetCheck:
    asked = fleet(*models, constraints=limits)
    return check_fleet(asked, plan(asked, FakeIndex(universe)))


@given(strategies.stocked_universes(), strategies.rivals(), strategies.constraints())
def test_each_conflict_is_told_once(universe: Universe, models: tuple[ModelPackage, ...], limits: Lines) -> None:
    """By one pivot, or on its own; those of three models or more always on their own."""
    found = checked(universe, *models, limits=limits)
    told = [conflict for dispute in found.disputes for conflict in dispute.pivot.conflicts] + list(found.apart())
    assert sorted(conflict.fingerprint for conflict in told) == sorted(item.fingerprint for item in found.conflicts)
    assert all(len(conflict.models) == 2 for dispute in found.disputes for conflict in dispute.pivot.conflicts)


@given(strategies.stocked_universes(), strategies.rivals())
def test_the_release_of_a_camp_suits_its_models(universe: Universe, models: tuple[ModelPackage, ...]) -> None:
    for dispute in checked(universe, *models).disputes:
        pivot = dispute.pivot
        for camp in pivot.camps:
            for want in camp.wants:
                admitted = [candidate for candidate, _ in brute_force.candidates(universe)[pivot.project]]
                assert camp.version in admitted
                assert any(
                    SpecifierSet(wish.specifier).contains(camp.version, prereleases=True) for wish in want.demands
                )


@given(strategies.stocked_universes(), strategies.rivals())
def test_pairs_counts_the_models_with_the_same_lines(universe: Universe, models: tuple[ModelPackage, ...]) -> None:
    """A fleet twice over has four times the pairs, of which the same conflicts tell."""
    twice = [*models, *(dataclasses.replace(model(f"{item.key}-too"), lines=_given(item)) for item in models)]
    once, doubled = checked(universe, *models), checked(universe, *twice)
    assert [(dispute.pivot.project, 4 * dispute.pivot.pairs) for dispute in once.disputes] == [
        (dispute.pivot.project, dispute.pivot.pairs) for dispute in doubled.disputes
    ]
    assert len(once.conflicts) == len(doubled.conflicts)


def _given(item: ModelPackage) -> Lines:
    return tuple(dataclasses.replace(line, model=f"{item.key}-too") for line in lines_of([item]))


def test_a_pair_that_shares_only_a_release_with_an_impossible_need_has_no_pivot() -> None:
    """Both could take x 3 alone, which needs what no index has: nobody wants any release of that."""
    universe = {"x": {"1": Release(), "2": Release(), "3": Release(["nowhere"])}}
    found = checked(universe, model("a", "x>=2"), model("b", "x!=2"))
    assert found.disputes == ()
    assert [conflict.models for conflict in found.apart()] == [("a", "b")]


def fingerprints(*models: ModelPackage) -> set[str]:
    """Of the conflicts of a fleet on three releases of x."""
    return {
        item.fingerprint for item in checked({"x": {"1": Release(), "2": Release(), "3": Release()}}, *models).conflicts
    }


THREE = {"x": {"1": Release(), "2": Release(), "3": Release()}}
A, B, C = model("a", "x<2"), model("b", "x>=2"), model("c", "x>=3")


def test_a_fingerprint_stays_when_other_models_come_and_when_a_line_moves() -> None:
    """Baselines go by it."""
    moved = dataclasses.replace(A, owner="grid", lines=(dataclasses.replace(A.lines[0], origin="setup.py:7"),))
    assert fingerprints(A, B) < fingerprints(A, B, C)
    assert fingerprints(A, B) == fingerprints(moved, B) == fingerprints(B, A)


def test_a_fingerprint_changes_with_a_line() -> None:
    """A conflict over another range is another conflict."""
    assert fingerprints(A, B).isdisjoint(fingerprints(model("a", "x<=1"), B))


def test_a_proposal_sums_up_as_a_check_does() -> None:
    """The pivots of proposal.json are those of ``check``."""
    asked = fleet(A, B, C)
    index = FakeIndex(THREE)
    proposal = propose(asked, Recording(index))
    assert list(proposal.pivots) == [dispute.pivot for dispute in check_fleet(asked, plan(asked, index)).disputes]
