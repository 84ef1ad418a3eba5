"""What the README shows is what the commands print. ``python -m tests.scenarios.test_readme`` writes it anew."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.scenarios.real_world import RealWorld

from wheelyard_cli.routing import Routing
from wheelyard_cli.snapshot_file import SnapshotFile

ROOT = Path(__file__).parents[2]
_SHOWN = re.compile(r"```console\n\$ wheelyard (?P<command>[^\n]*)\n(?P<output>.*?)```", re.DOTALL)


def make_snapshot(path: Path) -> Path:
    """The recorded facts as a snapshot file."""
    world = RealWorld()
    with SnapshotFile(path, world, Routing()) as snapshot:
        snapshot.pages(world.projects())
        snapshot.metadata(world.known_metadata())
    return path


def printed(command: str, snapshot: Path, scratch: Path) -> str:
    """What a command prints on stdout, from the snapshot; ``-o out`` goes to ``scratch``."""
    arguments = [str(scratch) if word == "out" else word for word in command.split()]
    run = [sys.executable, "-m", "wheelyard_cli", *arguments, "--snapshot", str(snapshot), "--offline"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WHEELYARD_")}
    return subprocess.run(run, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False).stdout


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded facts."""
    return make_snapshot(tmp_path_factory.mktemp("world") / "examples.snapshot")


@pytest.mark.parametrize(
    "shown", list(_SHOWN.finditer((ROOT / "README.md").read_text())), ids=lambda shown: shown["command"]
)
def test_the_readme_shows_what_is_printed(shown: re.Match[str], snapshot: Path, tmp_path: Path) -> None:
    """Word for word."""
    assert printed(shown["command"], snapshot, tmp_path / "out") == shown["output"]


def _rewrite() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        snapshot = make_snapshot(Path(scratch) / "examples.snapshot")

        def renewed(shown: re.Match[str]) -> str:
            output = printed(shown["command"], snapshot, Path(scratch) / "out")
            return f"```console\n$ wheelyard {shown['command']}\n{output}```"

        readme = ROOT / "README.md"
        readme.write_text(_SHOWN.sub(renewed, readme.read_text()))


if __name__ == "__main__":
    _rewrite()
