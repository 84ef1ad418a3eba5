"""The hook, run by pre-commit itself: it clones this repository and installs wheelyard into an environment."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cli.shell import FLEET

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[2]
PRE_COMMIT = ROOT / ".venv" / "clients" / "pre-commit" / "bin" / "pre-commit"

EMPTY_FLEET = FLEET.partition("[[model]]")[0]


def run(directory: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """A command in a directory, with a home of its own."""
    environment = {**os.environ, "PRE_COMMIT_HOME": str(directory.parent / "home"), "GIT_CONFIG_GLOBAL": "/dev/null"}
    return subprocess.run(
        command,
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def git(directory: Path, *arguments: str) -> str:
    """A git command that must work."""
    named = ("-c", "user.name=A Tester", "-c", "user.email=tester@example.com", *arguments)
    done = run(directory, "git", *named)
    assert done.returncode == 0, done.stdout
    return done.stdout.strip()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """This project as it stands in the working tree, committed somewhere, and its revision."""
    if not PRE_COMMIT.exists():
        pytest.skip("pre-commit is not installed: make hooks")
    copy = tmp_path_factory.mktemp("hooks") / "wheelyard"
    wanted = ("cli", "resolver", "registry")
    skipped = shutil.ignore_patterns("__pycache__")
    for folder in wanted:
        shutil.copytree(ROOT / folder, copy / folder, ignore=skipped)
    for file in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / file, copy)
    git(copy, "init", "--quiet")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message", "The hooks")
    return copy, git(copy, "rev-parse", "HEAD")


@pytest.fixture
def model(hooks: tuple[Path, str], tmp_path: Path) -> Path:
    """A repository of a model that uses the hook; its fleet is empty and it requires nothing."""
    source, revision = hooks
    directory = tmp_path / "model"
    directory.mkdir()
    (directory / "fleet.toml").write_text(EMPTY_FLEET)
    (directory / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {source}\n  rev: {revision}\n  hooks:\n  - id: wheelyard-check\n"
    )
    git(directory, "init", "--quiet")
    return directory


def written(directory: Path, fail_on: str) -> None:
    """The project, with the level at which it fails, staged."""
    (directory / "pyproject.toml").write_text(
        '[project]\nname = "demand"\nversion = "2.0"\n\n'
        f'[tool.wheelyard]\nfleet = "fleet.toml"\nfail-on = "{fail_on}"\n'
    )
    git(directory, "add", "--all")


def test_pre_commit_runs_the_check(model: Path) -> None:
    """A model that needs a base of its own is held back, unless only what cannot be installed is."""
    written(model, "new-base")
    held = run(model, PRE_COMMIT, "run")
    assert held.returncode == 1, held.stdout
    assert "new-base: demand needs one more base: 1 instead of 0" in held.stdout
    written(model, "not-installable")
    passed = run(model, PRE_COMMIT, "run")
    assert passed.returncode == 0, passed.stdout
    assert "Passed" in passed.stdout


def test_pre_commit_runs_it_only_where_a_project_changes(model: Path) -> None:
    """Not for every file."""
    (model / "notes.txt").write_text("nothing to check")
    git(model, "add", "notes.txt")
    done = run(model, PRE_COMMIT, "run")
    assert done.returncode == 0, done.stdout
    assert "Skipped" in done.stdout
