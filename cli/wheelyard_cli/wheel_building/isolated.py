"""Build a wheel from an sdist in an environment of its own.

The build backend gets what its ``pyproject.toml`` asks for and nothing else, and the sdist's age as its clock
(``SOURCE_DATE_EPOCH``), so that backends that honour it give the same bytes again.

Sources: PEP 517, PEP 518; reproducible-builds.org.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from wheelyard_resolver.errors import WheelyardError

_TAIL = 25


class BuildBackendFailed(WheelyardError):
    """A source distribution could not be made into a wheel. ``tail`` is the end of what its backend said."""

    exit_code = 1

    def __init__(self, *, sdist: str, tail: str) -> None:
        super().__init__(
            f"{sdist} could not be built:\n{tail}", hint="what it needs beside Python must be installed on this machine"
        )
        self.sdist = sdist
        self.tail = tail


def build_wheel(sdist: Path, out: Path, *, epoch: int, index_url: str | None = None) -> Path:
    """The wheel, in the directory ``out``, built by this Python.

    Raises:
        BuildBackendFailed: the backend fails.
    """
    source = out / "source"
    shutil.unpack_archive(sdist, source, filter="data" if sdist.name.endswith((".tar.gz", ".tgz")) else None)
    (tree,) = source.iterdir()
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), **_index(index_url)}
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(out), str(tree)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
        check=False,
    )
    wheels = list(out.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        raise BuildBackendFailed(sdist=sdist.name, tail="\n".join(done.stdout.rstrip().splitlines()[-_TAIL:]))
    shutil.rmtree(source)
    return wheels[0]


def _index(url: str | None) -> Mapping[str, str]:
    return {} if url is None else {"PIP_INDEX_URL": url}
