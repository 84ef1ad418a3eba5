"""What the tests of commands share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.cli.shell import Shell, write_snapshot


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The snapshot that every shell has a copy of."""
    path = tmp_path_factory.mktemp("world") / "world.snapshot"
    write_snapshot(path)
    return path


@pytest.fixture
def shell(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a fresh directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(world, tmp_path)
    return Shell(tmp_path, capsys)
