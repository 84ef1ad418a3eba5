"""The examples' fleet on recorded facts of PyPI: it needs three bases though no three of its models conflict pairwise.

``python -m tests.scenarios.test_three_models SNAPSHOT`` adds what the questions need to a snapshot (real_world.py).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest
from tests.scenarios.real_world import examples_world

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.routing import Routing
from wheelyard_cli.simple_client import SimpleClient
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import Fleet
from wheelyard_resolver.proposal import Proposal
from wheelyard_resolver.propose import propose
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

FLEET = Path(__file__).parents[2] / "examples" / "fleet.toml"
THREE = ("load-stream", "meter-anomaly", "tariff-quote")
ASKED = (THREE, *combinations(THREE, 2), ("outage-impact", "tariff-quote"))

Answers = Mapping[tuple[str, ...], Solution | MinimalConflict]


def fleet_of(index: Index) -> Fleet:
    return resolve_packages(read_fleet(FLEET), Recording(index))


def asked_of(index: Index) -> Answers:
    fleet = fleet_of(index)
    engine = Engine.for_fleet(index, fleet, fleet.target)
    return {names: engine.together([model for model in fleet.models if model.key in names]) for names in ASKED}


@pytest.fixture(scope="module")
def answers() -> Answers:
    return asked_of(examples_world())


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    return propose(fleet_of(examples_world()), Recording(examples_world()))


def test_three_bases_are_needed(proposal: Proposal) -> None:
    """Proved."""
    assert (len(proposal.bases), proposal.lower_bound, proposal.minimal) == (3, 3, True)


def test_three_models_conflict_though_each_two_of_them_install(answers: Answers) -> None:
    """An old pydantic-settings, an old fastapi and an old starlette: any two of them go together."""
    conflict = answers[THREE]
    assert isinstance(conflict, MinimalConflict)
    assert (conflict.models, len(conflict.lines)) == (THREE, 3)
    assert all(isinstance(answers[pair], Solution) for pair in combinations(THREE, 2))


def test_no_three_models_conflict_pairwise(proposal: Proposal, answers: Answers) -> None:
    """So a clique proves no more than two bases. Models of one base do not conflict: three that do would be one of
    each base. The third base hosts one model, and that one gets on with every model of the second."""
    _, second, third = (base.models for base in proposal.bases)
    assert third == ("tariff-quote",)
    assert all(isinstance(answers[other, "tariff-quote"], Solution) for other in second)


if __name__ == "__main__":
    with SimpleClient(Routing()) as client, SnapshotFile(Path(sys.argv[1]), client, Routing()) as snapshot:
        asked_of(snapshot)
