"""What Wheelyard answers to a scenario, through its library and through its command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import tomli_w
from packaging.utils import canonicalize_name
from packaging.version import Version
from tests.conformance.scenarios import Scenario, ScenarioIndex, Versions

from wheelyard_resolver.model import CandidatePolicy, Fleet
from wheelyard_resolver.propose import propose
from wheelyard_resolver.snapshot import Recording


def agrees(scenario: Scenario, answer: Versions | None) -> bool:
    """Whether an answer (None: impossible) is what the scenario expects, in verdict and in exact versions."""
    if answer is None:
        return not scenario.satisfiable
    return scenario.satisfiable and scenario.versions in (None, answer)


def asked_of_the_library(scenario: Scenario, policy: CandidatePolicy | None = None) -> Versions | None:
    """Through :func:`propose`, the scenario as an Index."""
    fleet = scenario.fleet() if policy is None else _with_policy(scenario.fleet(), policy)
    bases = propose(fleet, Recording(ScenarioIndex(scenario))).bases
    return {package.name: package.version for package in bases[0].packages} if bases else None


def _with_policy(fleet: Fleet, policy: CandidatePolicy) -> Fleet:
    return Fleet(fleet.name, fleet.stage, fleet.target, fleet.models, policy=policy)


def asked_of_the_command(scenario: Scenario, index_url: str, scratch: Path, prefix: str = "") -> Versions | None:
    """Through ``wheelyard bases propose --index-url``; on the index, names of projects begin with ``prefix``."""
    file = scratch / "fleet.toml"
    file.write_text(tomli_w.dumps(_document(scenario, prefix)))
    run = subprocess.run(
        [
            *(sys.executable, "-m", "wheelyard_cli", "bases", "propose", "--format", "json"),
            *("--fleet", str(file), "--index-url", index_url),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**_without_settings(os.environ), "WHEELYARD_CACHE_DIR": str(scratch / "cache")},
    )
    assert run.returncode in {0, 1}, run.stderr
    proposal = json.loads(run.stdout)
    assert (run.returncode == 1) is bool(proposal["unplaceable"])
    if not proposal["bases"]:
        return None
    packages = proposal["bases"][0]["packages"]
    return {canonicalize_name(item["name"].removeprefix(prefix)): Version(item["version"]) for item in packages}


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in environment.items() if not key.startswith("WHEELYARD_")}


def _document(scenario: Scenario, prefix: str) -> dict[str, object]:
    policy = scenario.policy()
    return {
        "fleet": {
            "name": "packse",
            "stage": "prod",
            "target": {"python": scenario.python, "platform": scenario.platform},
            "candidates": {
                "pre-releases": sorted(prefix + name for name in policy.pre_releases),
                "yanked": sorted(prefix + name for name in policy.yanked),
            },
        },
        "model": [{"name": scenario.name, "version": "1", "requires": [prefix + line for line in scenario.root]}],
    }
