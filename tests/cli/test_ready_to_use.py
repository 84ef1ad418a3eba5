"""The files that CI servers are given: each as its schema wants it, and what they run, run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.shell import FLEET

ROOT = Path(__file__).parents[2]
_SCHEMAS = {
    "action.yml": "vendor.github-actions",
    "templates/wheelyard-check.gitlab-ci.yml": "vendor.gitlab-ci",
}


@pytest.mark.parametrize("file", _SCHEMAS)
def test_it_is_as_its_schema_wants_it(file: str) -> None:
    """The schemas of SchemaStore and GitLab, as check-jsonschema carries them."""
    run = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", _SCHEMAS[file], str(ROOT / file)]
    done = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout


def document(file: str) -> Any:
    """A YAML file of the project."""
    return yaml.safe_load((ROOT / file).read_text())


def run_script(script: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A script, as a runner starts it: bash that stops at the first error."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WHEELYARD_")}
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=directory,
        env={**kept, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path, world: Path) -> Path:
    """A repository of a model that has a typing error, with its settings."""
    (tmp_path / "fleet.toml").write_text(FLEET)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "demand"\nversion = "2.0"\ndependencies = ["numpy>=9"]\n\n'
        f'[tool.wheelyard]\nfleet = "fleet.toml"\nsnapshot = "{world}"\noffline = true\n'
    )
    return tmp_path


def action(checkout: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The step of the action that checks, with its inputs; the program is that of this environment."""
    manifest = document("action.yml")
    given = {**{name: entry["default"] for name, entry in manifest["inputs"].items()}, **inputs}
    step = manifest["runs"]["steps"][1]
    variables = {
        name: given[expression.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, expression in step["env"].items()
    }
    installed = checkout / "runner" / "wheelyard" / "bin"
    installed.mkdir(parents=True)
    (installed / "wheelyard").symlink_to(Path(sys.executable).parent / "wheelyard")
    return run_script(
        step["run"],
        checkout,
        **variables,
        RUNNER_TEMP=str(checkout / "runner"),
        GITHUB_STEP_SUMMARY=str(checkout / "summary.md"),
        GITHUB_WORKSPACE=str(checkout),
    )


def test_the_action_annotates_and_summarises(checkout: Path) -> None:
    """It fails as the check does, and leaves what other steps need."""
    done = action(checkout)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=pyproject.toml,line=4,title=demand cannot be installed at all::")
    assert (checkout / "summary.md").read_text().startswith("## ")
    results = json.loads((checkout / "wheelyard.sarif").read_text())["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == ["not-installable"]


def test_the_action_can_only_advise(checkout: Path) -> None:
    assert action(checkout, advisory="true").returncode == 0


def test_the_action_takes_requirements_one_a_line(checkout: Path) -> None:
    """Also with blanks and signs that a shell would make something of."""
    done = action(checkout, candidate="pandas >=2, <3\nnumpy<3\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("regroup: candidate can live in ")


def test_the_action_can_check_the_fleet_itself(checkout: Path) -> None:
    done = action(checkout, candidate="")
    assert done.returncode == 0, done.stderr
    assert "energy (prod): 2 models need 2 bases" in done.stdout


def test_the_gitlab_job_writes_the_reports_that_it_names(checkout: Path) -> None:
    job = document("templates/wheelyard-check.gitlab-ci.yml")["wheelyard-check"]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = run_script("\n".join(job["script"]), checkout, **job["variables"], PATH=path, CI_PROJECT_DIR=str(checkout))
    assert done.returncode == 1, done.stderr
    issues = json.loads((checkout / job["artifacts"]["reports"]["codequality"]).read_text())
    assert [issue["location"] for issue in issues] == [{"path": "pyproject.toml", "lines": {"begin": 4}}]
    assert (checkout / job["artifacts"]["reports"]["junit"]).is_file()
    assert all((checkout / path).is_file() for path in job["artifacts"]["paths"])
