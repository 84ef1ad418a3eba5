"""Facts of the smoke test that runs while a model's image is built."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wheelyard_cli.images import smoke_import


def installed(directory: Path, name: str, files: dict[str, str]) -> None:
    """A distribution as an installer leaves it."""
    for path, content in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(content)
    info = directory / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text("".join(f"{path},,\n" for path in [*files, f"{info.name}/METADATA"]))


def run(directory: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, smoke_import.__file__, *names],
        env={**os.environ, "PYTHONPATH": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_can_be_imported_is_fine(tmp_path: Path) -> None:
    installed(
        tmp_path, "the-model", {"the_model/__init__.py": "", "single.py": "", "../bin/tool.py": "raise SystemExit"}
    )
    done = run(tmp_path, "the-model")
    assert (done.returncode, done.stdout) == (0, "wheelyard: the-model can be imported\n")


@pytest.mark.parametrize(
    ("content", "summary"),
    [
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("raise ValueError('numpy.dtype size changed,\\n may indicate')", "ValueError: numpy.dtype size changed, may"),
        ("raise SystemExit(0)", "SystemExit: 0"),
    ],
)
def test_a_failed_import_names_distribution_module_and_error(tmp_path: Path, content: str, summary: str) -> None:
    installed(tmp_path, "the-model", {"the_model/__init__.py": content})
    done = run(tmp_path, "the-model")
    assert done.returncode == 1
    assert f"wheelyard: the-model: import the_model failed: {summary}" in done.stderr


def test_a_distribution_without_modules_is_no_success(tmp_path: Path) -> None:
    installed(tmp_path, "the-model", {"data.txt": ""})
    assert "brings nothing that can be imported" in run(tmp_path, "the-model").stderr
