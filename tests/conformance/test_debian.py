"""Debian's tools find the same among random fleets: coinst all minimal conflicts, dose-debcheck every set of models."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from tests.conformance.conftest import Report
from tests.conformance.debian import COINST, DEBCHECK, Conflicts, TooLong, installable, minimal_conflicts
from tests.conformance.dependency_graph import graph_of
from tests.resolver.fake_index import TARGET, FakeIndex
from tests.resolver.random_worlds import World, random_world

from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.verdict import Engine, MinimalConflict

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(
        not (COINST.exists() and DEBCHECK.exists()),
        reason="coinst and dose-debcheck are not here (no apt, or no Debian mirror): make conformance",
    ),
]

COINST_FLEETS = 300
"""Small ones: coinst looks for the conflicts among all packages, of which the models are a few, and that grows fast."""
PATIENCE = 20
MOST_GIVEN_UP = COINST_FLEETS // 20
DEBCHECK_FLEETS = 200


def engine_of(world: World) -> Engine:
    return Engine.for_fleet(FakeIndex(world.universe), world.fleet, TARGET)


def sets_of(world: World) -> list[tuple[ModelPackage, ...]]:
    """Every set of models but the empty one, smaller ones first."""
    models = world.fleet.models
    return [chosen for size in range(1, len(models) + 1) for chosen in combinations(models, size)]


def every_minimal_conflict(world: World) -> Conflicts:
    """By asking the engine about every set of models that contains no smaller conflict."""
    engine = engine_of(world)
    found: set[frozenset[str]] = set()
    for chosen in sets_of(world):
        keys = frozenset(model.key for model in chosen)
        if any(smaller <= keys for smaller in found):
            continue
        answer = engine.together(chosen)
        if isinstance(answer, MinimalConflict):
            assert frozenset(answer.models) == keys
            found.add(keys)
    return frozenset(found)


def test_coinst_finds_the_same_minimal_conflicts(tmp_path: Path, report: Report) -> None:
    """In every fleet the same sets, pairs and larger ones; what coinst does not end on is counted, and bounded."""
    sizes: Counter[int] = Counter()
    given_up: list[int] = []
    for seed in range(COINST_FLEETS):
        world = random_world(seed, models=5)
        try:
            expected = minimal_conflicts(graph_of(world), tmp_path, patience=PATIENCE)
        except TooLong:
            given_up.append(seed)
            continue
        assert every_minimal_conflict(world) == expected, seed
        sizes.update(len(conflict) for conflict in expected)
    report.table(
        "coinst on random fleets of five models",
        [
            (COINST_FLEETS - len(given_up), "fleets with the same minimal conflicts"),
            (len(given_up), f"not compared: coinst did not end in {PATIENCE} s {given_up or ''}"),
            *((count, f"minimal conflicts of {size}") for size, count in sorted(sizes.items())),
        ],
    )
    assert len(given_up) <= MOST_GIVEN_UP
    assert sizes[2]
    assert sizes[3]


def test_debcheck_says_the_same_of_every_set_of_models(tmp_path: Path, report: Report) -> None:
    """Larger fleets: all 127 sets of seven models over eight projects."""
    verdicts: Counter[bool] = Counter()
    for seed in range(DEBCHECK_FLEETS):
        world = random_world(seed, projects=8, versions=5, models=7)
        sets = sets_of(world)
        keys = [[model.key for model in chosen] for chosen in sets]
        expected = installable(graph_of(world), keys, tmp_path, patience=PATIENCE)
        engine = engine_of(world)
        answers = [not isinstance(engine.together(chosen), MinimalConflict) for chosen in sets]
        assert answers == expected, seed
        verdicts.update(expected)
    report.table(
        "dose-debcheck on random fleets of seven models",
        [
            (DEBCHECK_FLEETS, "fleets, each with all its sets of models"),
            (verdicts[True], "sets that can be installed, for both"),
            (verdicts[False], "sets that cannot, for both"),
        ],
    )
    assert min(verdicts.values()) > 1000
