"""The command line in a test: a directory with a fleet file and a snapshot of a small index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from tests.resolver.fake_index import FakeIndex, Projects, Release

from wheelyard_cli.main import main
from wheelyard_cli.routing import Routing
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_resolver.page import parse_page

PROJECTS: Projects = {
    "pandas": {"1.5.3": ["numpy<2"], "2.2.0": ["numpy>=1.22"]},
    "numpy": {"1.26.4": [], "2.1.0": []},
    "pyspark": {"3.5.0": Release(tags=[])},
    **{f"edge-{number}": {"1": [], "2": []} for number in range(5)},
}

FLEET = """\
[fleet]
name = "energy"
stage = "prod"
[fleet.target]
python = "3.11"
platform = "manylinux_2_28_x86_64"

[[model]]
name = "demand"
version = "1.0"
owner = "forecasting"
requires = ["pandas<2"]

[[model]]
name = "churn"
version = "1.0"
requires = ["pandas>=2", "numpy>=2"]
"""


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str


class Shell:
    """Runs commands in a directory that has a fleet file and a snapshot of PROJECTS."""

    def __init__(self, directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.directory = directory
        self._capsys = capsys

    def run(self, *arguments: str) -> Outcome:
        """The command line with these arguments."""
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        captured = self._capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return Outcome(stopped.value.code, captured.out, captured.err)

    def ask(self, *arguments: str, fleet: str = FLEET) -> Outcome:
        """A command on a fleet, answered from the snapshot."""
        (self.directory / "fleet.toml").write_text(fleet)
        return self.run(*arguments, "--fleet", "fleet.toml", "--snapshot", "world.snapshot", "--offline")


def write_snapshot(path: Path) -> None:
    """A snapshot of everything in PROJECTS."""
    index = FakeIndex(PROJECTS)
    with SnapshotFile(path, index, Routing()) as snapshot:
        names = [canonicalize_name(name) for name in PROJECTS]
        for name, raw in snapshot.pages(names).items():
            assert raw is not None
            snapshot.metadata([file for file in parse_page(name, raw).files if file.filename.endswith(".whl")])
