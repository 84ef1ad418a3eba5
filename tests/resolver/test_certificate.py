"""Certificates are accepted for what is true, and for nothing else: laws over random universes, brute force judging."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.resolver import brute_force, strategies
from tests.resolver.certified import Certified, IndexSource, everything, world
from tests.resolver.fake_index import TARGET, FakeIndex, Release, fleet, model

from wheelyard_resolver import certificate, sat
from wheelyard_resolver.model import Fleet, ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verify import refutation, refuted_lines, rup
from wheelyard_resolver.verify.document import Table
from wheelyard_resolver.verify.evidence import Evidence
from wheelyard_resolver.verify.facts import Want
from wheelyard_resolver.verify.raw_facts import RawFacts
from wheelyard_resolver.verify.refutation import Origin
from wheelyard_resolver.verify.rup import Clause
from wheelyard_resolver.verify.statement import (
    StatedFleet,
    StatedLine,
    StatedOrigin,
    StatedRefutation,
    read_statement,
)

Universe = dict[str, dict[str, Release]]
Models = tuple[ModelPackage, ...]
Lines = tuple[RequirementLine, ...]


def test_every_kind_of_claim_verifies() -> None:
    """Conflicts by a chain, an extra, a search and three at once; no place for four reasons; four bases."""
    found = Certified.of(everything(), world())
    assert found.problems(everything()) == ()
    assert (found.proposal["lower_bound"], found.proposal["minimal"]) == (4, True)
    assert max(len(conflict["models"]) for conflict in found.proposal["conflicts"]) == 3
    assert any(conflict["proof"] for conflict in found.certificate["conflicts"])
    assert all(bound["proof"] for bound in found.certificate["bounds"][:1])


def test_an_extra_that_a_wheel_does_not_offer_demands_nothing() -> None:
    """Engine and verifier agree with pip, which warns: without Provides-Extra the markers' words for it are void."""
    given_fleet = fleet(model("asks", "w[fast]"))
    found = Certified.of(given_fleet, FakeIndex({"w": {"1": Release(["nowhere; extra == 'fast'"], extras=())}}))
    assert [package["name"] for package in found.proposal["bases"][0]["packages"]] == ["w"]
    assert found.problems(given_fleet) == ()


# -- what is proposed is accepted, and what is accepted is true -----------------------------------------------------


@given(strategies.universes(), strategies.fleets(), strategies.constraints())
@settings(max_examples=max(100, settings().max_examples))
def test_every_proposal_verifies(universe: Universe, models: Models, limits: Lines) -> None:
    """Whatever the engine says has a certificate that the verifier accepts."""
    given_fleet = fleet(*models, constraints=limits)
    found = Certified.of(given_fleet, FakeIndex(universe))
    assert found.problems(given_fleet) == ()
    _assert_true(found, universe, given_fleet)


@given(strategies.universes(), strategies.fleets(), strategies.constraints(), st.data())
@settings(max_examples=max(100, settings().max_examples))
def test_claims_are_accepted_of_another_index_only_where_they_are_true(
    universe: Universe, models: Models, limits: Lines, data: st.DataObject
) -> None:
    """A forger changes the index under a proposal, and puts the right hashes everywhere."""
    given_fleet = fleet(*models, constraints=limits)
    other = _edited(universe, data)
    forged = Certified.of(given_fleet, FakeIndex(universe)).in_world(FakeIndex(other))
    if not forged.problems(given_fleet):
        _assert_true(forged, other, given_fleet)


def _edited(universe: Universe, data: st.DataObject) -> Universe:
    """One release less, more, or another one."""
    project = data.draw(st.sampled_from(strategies.PROJECTS))
    version = data.draw(st.sampled_from((*strategies.VERSIONS, "2.5b1")))
    releases = {name: release for name, release in universe[project].items() if name != version}
    if version not in universe[project] or data.draw(st.booleans()):
        releases[version] = data.draw(strategies.releases())
    return {**universe, project: releases}


def _assert_true(found: Certified, universe: Universe, given_fleet: Fleet) -> None:
    """Every claim of a proposal, judged by brute force."""
    limits = given_fleet.constraints
    offered = brute_force.candidates(universe)
    for base in found.proposal["bases"]:
        choice = {}
        for package in base["packages"]:
            picked = [item for item in offered[package["name"]] if item[0] == Version(package["version"])]
            assert picked, "what is locked is a candidate"
            choice[package["name"]] = picked[0]
        hosted = [model for model in given_fleet.models if model.key in base["models"]]
        assert brute_force.satisfies(choice, [*lines_of(hosted), *limits])
    for conflict in found.proposal["conflicts"]:
        stated = {(item["model"], item["requirement"]) for item in conflict["requirements"]}
        lines = [line for line in (*lines_of(given_fleet.models), *limits) if (line.model, line.text) in stated]
        assert len(lines) == len(stated)
        assert not brute_force.installs(universe, lines)
    placeable = [m for m in given_fleet.models if brute_force.installs(universe, [*m.lines, *limits])]
    homeless = {item["model"] for item in found.proposal["unplaceable"]}
    assert homeless == {model.key for model in given_fleet.models} - {model.key for model in placeable}
    assert found.proposal["minimal"]
    assert found.proposal["lower_bound"] == brute_force.fewest_groups(universe, placeable, limits)


# -- whoever proves it ----------------------------------------------------------------------------------------------


@given(strategies.universes(), strategies.fleets(), strategies.constraints(), st.data())
@settings(max_examples=max(100, settings().max_examples))
def test_a_refutation_is_accepted_if_and_only_if_the_lines_do_not_install(
    universe: Universe, models: Models, limits: Lines, data: st.DataObject
) -> None:
    """A prover who is not the engine states every true fact and a solver's proof; where there is none, it lies."""
    given_fleet = fleet(*models, constraints=limits)
    facts, stated_fleet = _verifier(FakeIndex(universe), given_fleet)
    lines = data.draw(st.lists(st.sampled_from((*lines_of(models), *limits)), min_size=1, unique=True))
    stated = tuple(StatedLine(line.model, str(line.requirement)) for line in lines)
    claim = StatedRefutation("the claim", TARGET, stated, tuple(_all_origins(universe, facts)), ())
    proof = _proof(claim, facts)
    if proof is None:
        literals = st.integers(-12, 12).filter(bool)
        lies = st.lists(st.lists(literals, max_size=3).map(tuple), max_size=6).map(tuple)
        proof = data.draw(st.sampled_from(((), ((),), ((1,), (-1,)))) | lies)
    accepted = not refuted_lines.problems_of(replace(claim, proof=proof), stated_fleet, facts)
    assert accepted is not brute_force.installs(universe, lines)


def _verifier(index: FakeIndex, given_fleet: Fleet) -> tuple[RawFacts, StatedFleet]:
    """The verifier's view of an index, every record of which is named, and of a fleet."""
    recording = Recording(index)
    recording.pages([canonicalize_name(name) for name in strategies.PROJECTS])
    recording.metadata([DistributionFile(url.rpartition("/")[2], url) for url in index.known_metadata()])
    document = certificate.to_document(given_fleet, (), recording)
    stated = read_statement(Table(document, "certificate.json:"))
    evidence = Evidence(stated.records, IndexSource(index))
    return RawFacts(evidence, TARGET, stated.fleet.policy, {}), stated.fleet


def _all_origins(universe: Universe, facts: RawFacts) -> Iterator[StatedOrigin]:
    """Whatever a candidate demands, plain or with its extra."""
    for name in map(canonicalize_name, universe):
        for position, release in enumerate(facts.releases(name)):
            for extra in (None, canonicalize_name("e")):
                demands = tuple(map(str, sorted(facts.wants(name, position, extra) or ())))
                if demands:
                    yield StatedOrigin(name, str(release.version), release.wheel.filename, extra, demands)


def _proof(claim: StatedRefutation, facts: RawFacts) -> tuple[Clause, ...] | None:
    """What the solver finds, up to where propagation sees the contradiction; None if there is none."""
    wanted = [Want.of(Requirement(line.requirement)) for line in claim.lines if line.model is not None]
    limits = [Want.of(Requirement(line.requirement)) for line in claim.lines if line.model is None]
    origins = [
        Origin(item.project, position, item.extra, want)
        for item in claim.origins
        for position, release in enumerate(facts.releases(item.project))
        if str(release.version) == item.version
        for want in sorted(facts.wants(item.project, position, item.extra) or ())
    ]
    clauses = refutation.clauses(wanted, limits, origins, facts)
    lemmas = sat.refute(clauses)
    if lemmas is None:
        return None
    premises, needed = rup.Premises(clauses), []
    for lemma in lemmas:
        if premises.contradict:
            break
        premises.add(lemma)
        needed.append(lemma)
    return tuple(needed)
