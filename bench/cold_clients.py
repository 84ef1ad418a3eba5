"""uv with an empty cache: how long it installs a tree of packages, and compiles requirements.

What uv writes goes to memory where there is /dev/shm: a disk that stalls would say nothing about the index.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from registry_peers import own_environment
from request_rates import Unfit

UV = Path(sys.executable).with_name("uv")
_MEMORY = Path("/dev/shm")
PLACE = _MEMORY if _MEMORY.is_dir() else None
"""Where uv writes: in memory, if that can be had."""

PATIENCE = 60.0
"""Seconds after which a client gives up."""


def install(index_url: str, project: str, packages: int) -> float:
    """Seconds in which uv installs a project with all that it needs, so many packages.

    Raises:
        Unfit: it failed, or took too long.
    """
    with TemporaryDirectory(dir=PLACE) as place:
        target = Path(place, "target")
        options = ["--index-url", index_url, "--target", str(target), "--python", sys.executable]
        seconds = _timed("install", [*options, "--cache-dir", f"{place}/cache", project])
        found = len(list(target.glob("*.dist-info")))
        if found != packages:
            raise Unfit(f"uv installed {found} of {packages} packages")
        return seconds


def compile_requirements(
    index_url: str, requirements: Path, options: Sequence[str], *, patience: float = PATIENCE
) -> float:
    """Seconds in which uv resolves requirements.

    Raises:
        Unfit: it failed, or took too long.
    """
    with TemporaryDirectory(dir=PLACE) as place:
        # With another Python to resolve for, uv looks for that one, and on the network where it may.
        python = ["--python", sys.executable, "--no-python-downloads"]
        given = ["--no-header", "--index-url", index_url, *options, "--output-file", f"{place}/out", str(requirements)]
        return _timed("compile", ["--cache-dir", f"{place}/cache", *python, *given], patience)


def _timed(what: str, arguments: Sequence[str], patience: float = PATIENCE) -> float:
    command = [str(UV), "pip", what, "--no-config", "--quiet", *arguments]
    started = time.perf_counter()
    try:
        done = subprocess.run(
            command, env=own_environment(), capture_output=True, text=True, check=False, timeout=patience
        )
    except subprocess.TimeoutExpired:
        raise Unfit(f"uv was not done after {patience:.0f} s") from None
    if done.returncode:
        raise Unfit(f"uv: {' '.join(done.stderr.split())[:300]}")
    return time.perf_counter() - started
