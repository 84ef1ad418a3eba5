"""Fleets of any size whose ranges are drawn from real projects, the same for the same seed; and how long one takes.

Each model has an era between December 2022 and November 2026, mostly a late one, and wants two to six of the projects
that the models of energy-40 want, the popular ones more often: as they were at the time of its era, in the forms in
which people write ranges. As a program, it plans one such fleet and prints the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_cli.compiled_cache import CompiledCache
from wheelyard_cli.fleet_file import read_fleet
from wheelyard_cli.routing import Routing
from wheelyard_cli.simple_client import SimpleClient
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_resolver.candidates import Candidate
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import Fleet, ModelPackage, RequirementLine
from wheelyard_resolver.plan import plan_target
from wheelyard_resolver.released_models import resolve_packages
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.universe import Universe
from wheelyard_resolver.verdict import Engine

ENERGY_40 = Path(__file__).with_name("energy-40.toml")
_FIRST = datetime(2022, 12, 1, tzinfo=timezone.utc)
_LAST = datetime(2026, 11, 1, tzinfo=timezone.utc)
_LINES = (2, 6)


def generated_fleet(
    energy: Fleet,
    universe: Universe,
    models: int,
    seed: int,
    *,
    distinct: int | None = None,
    projects: int | None = None,
) -> Fleet:
    """A fleet of so many models.

    At most ``distinct`` sets of requirements are drawn for them (default: one each), and only the ``projects`` most
    popular projects are wanted (default: all).
    """
    chance = random.Random(seed)
    popular = Counter(line.project for model in energy.models for line in model.lines)
    weights = dict(sorted(popular.most_common(projects)))
    universe.load(weights)
    drawn = [_requirements(chance, universe, weights) for _ in range(min(models, distinct or models))]
    chosen = [*drawn, *(chance.choice(drawn) for _ in range(models - len(drawn)))]
    return replace(energy, models=tuple(_model(energy, number, wanted) for number, wanted in enumerate(chosen)))


def _model(energy: Fleet, number: int, wanted: tuple[str, ...]) -> ModelPackage:
    name = canonicalize_name(f"model-{number:05}")
    lines = tuple(RequirementLine(Requirement(text), name) for text in wanted)
    return ModelPackage(name, Version("1.0"), energy.target, lines)


def _requirements(chance: random.Random, universe: Universe, weights: Mapping[NormalizedName, int]) -> tuple[str, ...]:
    era = _FIRST + (_LAST - _FIRST) * chance.betavariate(3, 1.2)
    wanted = {chance.choices(list(weights), list(weights.values()))[0] for _ in range(chance.randint(*_LINES))}
    return tuple(_range(chance, universe.candidates(project).usable, project, era) for project in sorted(wanted))


def _range(chance: random.Random, usable: Sequence[Candidate], project: NormalizedName, era: datetime) -> str:
    """A range around the newest release of an era, as someone might have written it then."""
    then = [item.version for item in usable if item.wheel.upload_time is not None and item.wheel.upload_time <= era]
    finals = [version for version in then if not version.is_prerelease]
    if not finals:
        return project
    version = max(finals)
    major, minor = (*version.release, 0)[:2]
    forms = (
        (45, f"{project}>={major}.{minor},<{major + 1}"),
        (30, f"{project}>={major}.{minor}"),
        (10, f"{project}>={major}.{minor},<{major}.{minor + chance.randint(1, 4)}"),
        (5, f"{project}=={major}.{minor}.*"),
        (3, f"{project}=={version.public}"),
        (7, project),
    )
    return chance.choices([text for _, text in forms], [weight for weight, _ in forms])[0]


def main() -> None:
    """Plan one fleet; print what came out and what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("snapshot", type=Path)
    parser.add_argument("cache", type=Path, help="the compiled form is kept in this file")
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--distinct", type=int)
    parser.add_argument("--projects", type=int)
    parser.add_argument("--online", action="store_true", help="read what the snapshot does not hold, and add it")
    given = parser.parse_args()
    with ExitStack() as open_things:
        network: Index | None = open_things.enter_context(SimpleClient(Routing())) if given.online else None
        snapshot = open_things.enter_context(SnapshotFile(given.snapshot, network, Routing()))
        memo = open_things.enter_context(CompiledCache(given.cache))
        energy = resolve_packages(read_fleet(ENERGY_40), Recording(snapshot))
        universe = Engine.for_fleet(Recording(snapshot), energy, energy.target, memo=memo).universe
        fleet = generated_fleet(
            energy, universe, given.models, given.seed, distinct=given.distinct, projects=given.projects
        )
        start, cpu = time.perf_counter(), time.process_time()
        plan = plan_target(fleet, Recording(snapshot), fleet.target, memo=memo)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    pairs = {frozenset(found.models) for found in plan.conflicts if len(found.models) == 2}
    json.dump(
        {
            "models": given.models,
            "seed": given.seed,
            "distinct": len(
                {frozenset(map(str, (line.requirement for line in model.lines))) for model in fleet.models}
            ),
            "projects": len({line.project for model in fleet.models for line in model.lines}),
            "seconds": seconds,
            "cpu": cpu,
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "bases": len(plan.grouping.groups),
            "proved": plan.grouping.minimal,
            "clique_is_enough": len(plan.grouping.needed) == plan.grouping.lower_bound,
            "unplaceable": len(plan.unplaceable),
            "conflicts_of_pairs": len(pairs),
            "conflicts_of_more": len(plan.conflicts) - len(pairs),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
