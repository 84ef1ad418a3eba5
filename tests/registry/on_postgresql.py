"""Run tests with their catalogues in a real PostgreSQL. ``make test-postgres``.

    python -m tests.registry.on_postgresql [PYTEST ARGUMENTS]

``WHEELYARD_TEST_DATABASE`` names a server to use, as a SQLAlchemy URL; otherwise one is started on a free port if its
programs are installed, and thrown away afterwards. Without either nothing is tested, and that is said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.registry.catalogue_url import VARIABLE
from tests.registry.serving import free_port

_NOBODY = 65534
"""PostgreSQL refuses to run as root."""


def main() -> int:
    """The exit code of pytest."""
    command = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    if os.environ.get(VARIABLE):
        return subprocess.call(command)
    programs = _programs()
    if programs is None:
        print("SKIPPED: nothing was tested on PostgreSQL, its programs are not installed", file=sys.stderr)
        print(f"hint: install PostgreSQL (apt install postgresql), or name a server in {VARIABLE}", file=sys.stderr)
        return 0
    with started(programs) as url:
        return subprocess.call(command, env={**os.environ, VARIABLE: url})


def _programs() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``; Debian keeps them off PATH."""
    found = shutil.which("initdb")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return debian[-1].parent if debian else Path(found).parent if found else None


@contextmanager
def started(programs: Path) -> Iterator[str]:
    """The URL of a server of our own."""
    with tempfile.TemporaryDirectory(prefix="wheelyard-postgresql-") as folder:
        place, data = Path(folder), Path(folder) / "data"
        root = os.geteuid() == 0
        if root:
            os.chown(place, _NOBODY, _NOBODY)

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", str(data), *arguments]
            # pg_ctl leaves the server with its outputs: a pipe would never end.
            with (place / "output").open("ab") as output:
                done = subprocess.run(
                    command,
                    stdout=output,
                    stderr=output,
                    check=False,
                    user=_NOBODY if root else None,
                    group=_NOBODY if root else None,
                    extra_groups=[] if root else None,
                )
            if done.returncode != 0:
                raise SystemExit(f"{program} failed:\n{(place / 'output').read_text()}")

        port = free_port()
        run("initdb", "-U", "wheelyard", "--auth=trust", "--encoding=UTF8", "--locale=C")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={place}"
        run("pg_ctl", "-w", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://wheelyard@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-m", "fast", "-w", "stop")


if __name__ == "__main__":
    sys.exit(main())
