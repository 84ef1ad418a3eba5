"""What the README and the how-to pages show is what the commands print.

``python -m tests.scenarios.test_readme`` writes it anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from tests.scenarios.real_world import examples_world, make_snapshot

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/adopting-in-ci.md", "docs/reading-a-conflict.md")
_SHOWN = re.compile(r"```console\n\$ wheelyard (?P<command>[^\n]*)\n(?P<output>.*?)```", re.DOTALL)


def printed(command: str, snapshot: Path, scratch: Path) -> str:
    """What a command prints on stdout, from the snapshot; ``out`` and files in it are in ``scratch``.

    A command may end in ``| tail -n N``.
    """
    command, _, last = command.partition(" | tail -n ")
    arguments = [re.sub(r"(^|=)out(/|$)", rf"\g<1>{scratch}\g<2>", word) for word in shlex.split(command)]
    if "config" not in arguments:
        arguments += ["--snapshot", str(snapshot), "--offline"]
    run = [sys.executable, "-m", "wheelyard_cli", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WHEELYARD_")}
    environment |= {"NETRC": "/home/anna/.netrc"}
    done = subprocess.run(run, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return "".join(done.stdout.splitlines(keepends=True)[-int(last) if last else None :])


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recorded facts."""
    return make_snapshot(tmp_path_factory.mktemp("world") / "examples.snapshot", examples_world())


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_what_is_printed(page: str, snapshot: Path, tmp_path: Path) -> None:
    """Word for word, one command after another: a later one may use what an earlier one wrote."""
    for shown in _SHOWN.finditer((ROOT / page).read_text()):
        assert printed(shown["command"], snapshot, tmp_path / "out") == shown["output"], shown["command"]


def _rewrite() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        snapshot = make_snapshot(Path(scratch) / "examples.snapshot", examples_world())

        def renewed(shown: re.Match[str]) -> str:
            output = printed(shown["command"], snapshot, Path(scratch) / "out")
            return f"```console\n$ wheelyard {shown['command']}\n{output}```"

        for page in PAGES:
            (ROOT / page).write_text(_SHOWN.sub(renewed, (ROOT / page).read_text()))


if __name__ == "__main__":
    _rewrite()
