"""Forty models of an energy company, recorded in a registry; its proposal is accepted; then candidates of every level.

What is said of a candidate stands in ``energy-40/``, one file each, in every format. The proposal and some candidates
are in the suite, ``make energy`` asks about all of them; ``python -m tests.scenarios.test_energy_40`` writes them anew.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import tomli
from tests.conformance.loopback import loopback
from tests.registry.serving import Server, run_in, script, serving
from tests.scenarios.energy_world import ENERGY_40, energy_world
from tests.scenarios.real_world import make_snapshot

from wheelyard_cli.report_formats.outputs import FORMATS
from wheelyard_resolver.levels import Level

GOLDEN = Path(__file__).with_name("energy-40")


@dataclass(frozen=True)
class Candidate:
    """A project to be checked; a name that the fleet has is a new release of that model."""

    level: Level
    name: str
    requires: tuple[str, ...]
    quick: bool = False

    @property
    def pyproject(self) -> str:
        """Its metadata, a requirement a line."""
        lines = "".join(f"    {json.dumps(line)},\n" for line in self.requires)
        return f'[project]\nname = "{self.name}"\nversion = "2.0.0"\ndependencies = [\n{lines}]\n'


CANDIDATES: Mapping[str, Candidate] = {
    "fits-new": Candidate(Level.FITS, "peak-alert", ("pandas>=2", "scikit-learn>=1.3"), quick=True),
    "fits-in-place": Candidate(Level.FITS, "price-elasticity", ("statsmodels>=0.14", "pandas>=2.0")),
    "rebuild-new": Candidate(Level.REBUILD, "peak-alert", ("pandas>=2", "duckdb<1.1")),
    "rebuild-in-place": Candidate(
        Level.REBUILD, "duck-reports", ("duckdb>=0.10,<1.2", "pandas>=2.2", "matplotlib>=3.8"), quick=True
    ),
    "moves-as-built": Candidate(Level.MOVES, "churn-xgb", ("xgboost>=2", "pandas>=2"), quick=True),
    "moves-rebuilt": Candidate(Level.MOVES, "demand-forecast", ("pandas>=2.1", "lightgbm>=4,<4.4", "numpy<2")),
    "regroup-new": Candidate(Level.REGROUP, "peak-alert", ("numpy>=2", "torch>=2.3")),
    "regroup-in-place": Candidate(Level.REGROUP, "gas-demand", ("pandas>=2", "numpy<2", "scikit-learn>=1.5")),
    "new-base-new": Candidate(Level.NEW_BASE, "peak-alert", ("numpy>=2", "tensorflow-cpu<2.16")),
    "new-base-in-place": Candidate(Level.NEW_BASE, "market-bids", ("gluonts>=0.14", "numpy>=2", "pandas<2")),
    "not-installable-new": Candidate(Level.NOT_INSTALLABLE, "peak-alert", ("pyspark>=3.4,<3.6", "pandas>=2")),
    "not-installable-in-place": Candidate(
        Level.NOT_INSTALLABLE, "features-api", ("fastapi>=0.110,<0.112", "starlette>=0.40", "pandas>=2"), quick=True
    ),
}


@dataclass(frozen=True)
class Accepted:
    """A registry that knows the fleet and its accepted bases, and a directory to work in."""

    server: Server
    directory: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line in the directory. What CI says of its checkout does not count."""
        return run_in(
            self.directory,
            [script("wheelyard"), *arguments],
            WHEELYARD_TOKEN=self.server.token,
            WHEELYARD_CACHE_DIR=str(self.directory / "cache"),
            GITHUB_WORKSPACE="",
            CI_PROJECT_DIR="",
        )

    def done(self, *arguments: str) -> str:
        """What a command says that must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def check(self, name: str, *arguments: str) -> str:
        """What a check of a candidate prints; it fails from new-base on."""
        candidate = CANDIDATES[name]
        project = self.directory / name / candidate.name
        project.mkdir(parents=True, exist_ok=True)
        (project / "pyproject.toml").write_text(candidate.pyproject)
        done = self.run("check", f"{name}/{candidate.name}", *arguments)
        assert done.returncode == (1 if candidate.level.at_least_as_bad_as(Level.NEW_BASE) else 0), done.stderr
        return done.stdout

    def page(self, name: str) -> str:
        """What is said of a candidate here, in all formats one below the other."""
        outputs = [f"--output={form}={name}/out.{form}" for form in FORMATS]
        printed = self.check(name, "--fleet", "fleet.toml", *FROM_WORLD, *outputs)
        texts = {form: (self.directory / name / f"out.{form}").read_text() for form in FORMATS}
        assert texts["text"] == printed
        parts = (f"\n---- {form} {'-' * 60}\n{text}" for form, text in texts.items())
        return CANDIDATES[name].pyproject + _SNAPSHOT.sub("sha256:(what it rests on)", "".join(parts))


FROM_WORLD = ("--snapshot", "world.snapshot", "--offline", "--index-url", "https://pypi.org/simple/")
_SNAPSHOT = re.compile(r"(?<=\"snapshot\": \")sha256:[0-9a-f]{64}")


_SETTINGS = ("--private-upstreams", "--check-deadline", "600")
"""The first check reads hundreds of pages; how fast the registry is, benchmarks tell."""


@contextmanager
def accepting(directory: Path) -> Iterator[Accepted]:
    """Record the fleet over the API, propose bases for what is recorded, accept them, export the fleet."""
    world = energy_world()
    make_snapshot(directory / "world.snapshot", world)
    with (
        loopback() as http,
        serving(directory, "--upstream", http.mount("pypi", world), *_SETTINGS) as server,
    ):
        registry = ("--registry", server.url)
        found = Accepted(server, directory)
        assert "40 recorded, 0 were there already, 0 refused" in found.done(
            "fleet", "import", str(ENERGY_40), *registry
        )
        found.done("stage", "set", "prod", "--order", "1", "--max-bases", "3", *registry)
        # Three models have no wheels at all; a fleet is proposed for all the same.
        allowed = [f"--allow-unplaceable={name}" for name in ("gas-demand-legacy", "grid-congestion", "spark-etl")]
        found.done("bases", "propose", *registry, *FROM_WORLD, *allowed, "-o", "proposed")
        found.done("bases", "accept", "proposed", *registry)
        found.done("fleet", "export", "--stage", "prod", "-o", "fleet.toml", *registry)
        yield found


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accepted]:
    """The registry, for all candidates."""
    with accepting(tmp_path_factory.mktemp("energy")) as found:
        yield found


def test_three_bases_are_proved_least_and_host_all_that_can_be_installed(accepted: Accepted) -> None:
    proposal = json.loads((accepted.directory / "proposed" / "proposal.json").read_text())
    assert (proposal["minimal"], proposal["lower_bound"], len(proposal["bases"])) == (True, 3, 3)
    fleet = tomli.loads((accepted.directory / "fleet.toml").read_text())
    assert sum(len(base["models"]) for base in fleet["base"]) == 37 == len(fleet["model"]) - 3


def test_each_candidate_has_its_file() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(CANDIDATES)


@pytest.mark.parametrize("level", list(Level))
def test_every_level_has_two_candidates(level: Level) -> None:
    assert sum(candidate.level is level for candidate in CANDIDATES.values()) == 2


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if each.quick else pytest.mark.heavy) for name, each in CANDIDATES.items()],
)
def test_what_is_said_is_as_reviewed(accepted: Accepted, name: str) -> None:
    found = accepted.page(name)
    assert f"\n{CANDIDATES[name].level.value}: " in found
    assert found == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def warm(accepted: Accepted) -> Accepted:
    """The registry has read what the fleet takes."""
    server = accepted.server
    login = ("__token__", server.token)
    answer = httpx.post(f"{server.url}/api/v1/check", json={"stage": "prod"}, auth=login, timeout=600, trust_env=False)
    assert answer.status_code == 200, answer.text
    return accepted


@pytest.mark.heavy
@pytest.mark.parametrize("name", CANDIDATES)
def test_the_registry_says_the_same(warm: Accepted, name: str) -> None:
    """But for the lines of the fleet file: it has none."""
    found = warm.check(name, "--registry", warm.server.url)
    golden = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")
    text = golden.partition("---- text")[2].partition("\n")[2].partition("\n---- json")[0]
    assert found == re.sub(r" \[fleet\.toml:\d+\]", "", text)


def _rewrite() -> None:
    with tempfile.TemporaryDirectory() as scratch, accepting(Path(scratch)) as found:
        GOLDEN.mkdir(exist_ok=True)
        for path in GOLDEN.iterdir():
            path.unlink()
        for name in CANDIDATES:
            (GOLDEN / f"{name}.txt").write_text(found.page(name), encoding="utf-8")


if __name__ == "__main__":
    _rewrite()
