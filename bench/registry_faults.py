"""What a registry holds and gives out after something went wrong, beside its peers. ``make bench-faults``.

    PYTHONPATH=. python bench/registry_faults.py [--tries 20] [--only kill] [--write FILE]

After each fault of an upload every listed file is fetched and compared with what was sent, the server is started again
on its directory, the upload that failed is sent once more, and what lies there beyond the files and a database is
counted. After each fault of a cache its clients must have the right bytes or an error, never others as a whole file;
once all is well again the file must come within 15 seconds; what lies in its directory after a restart must be
files of the upstream. A cell says what clients were given. The moments of the kills come from a seeded generator. The
full disk is a tmpfs, mounted as root or in a user namespace; the failing syncs are injected by strace. What cannot be
tried here is said to be so, and fails the run unless ``--allow-skips`` is given. A dash: proxpi takes no uploads, and
pypiserver caches nothing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import caching_faults
import upload_faults
from faults import Fault, Verdict
from registry_mirrors import PROXPI, DevpiMirror, Proxpi, WheelyardMirror
from registry_peers import DEVPI, PYPISERVER, Devpi, Peer, PypiServer, Wheelyard, versions
from result_page import Page, arguments, load, notes_of

UPLOADING: dict[str, type[Peer]] = {kind.name: kind for kind in (Wheelyard, Devpi, PypiServer)}
CACHING: dict[str, type[Peer]] = {kind.name: kind for kind in (WheelyardMirror, DevpiMirror, Proxpi)}
FAULTS: dict[str, tuple[Fault, dict[str, type[Peer]]]] = {
    **{key: (fault, UPLOADING) for key, fault in upload_faults.FAULTS.items()},
    **{key: (fault, CACHING) for key, fault in caching_faults.FAULTS.items()},
}
NAMES = tuple(dict.fromkeys((*UPLOADING, *CACHING)))


def main() -> None:
    """Try every fault on every peer and print the page; exit 1 unless Wheelyard comes through all of them."""
    parser = arguments(__doc__)
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--only", choices=sorted(FAULTS), action="append")
    parser.add_argument("--peer", choices=NAMES, action="append", help="leave others out")
    parser.add_argument("--allow-skips", action="store_true", help="succeed although something could not be tried")
    given = parser.parse_args()
    if os.geteuid() != 0 and shutil.which("unshare"):
        # In a namespace of its own an ordinary user may mount a tmpfs; where that is not allowed, the fault is skipped.
        own = ["unshare", "--user", "--map-root-user", "--mount"]
        if subprocess.run([*own, "true"], check=False, capture_output=True).returncode == 0:
            os.execvp("unshare", [*own, sys.executable, *sys.argv])
    names = [name for name in NAMES if not given.peer or name in given.peer]
    rows: list[tuple[str, ...]] = []
    ours: list[bool | None] = []
    for key, (fault, kinds) in FAULTS.items():
        if given.only and key not in given.only:
            continue
        cells = []
        for name in names:
            if name not in kinds:
                cells.append("-")
                continue
            verdict = _tried(fault, kinds[name], given.tries)
            print(f"{fault.what}: {name}: {verdict} (load {load()})", file=sys.stderr, flush=True)
            cells.append(str(verdict))
            ours += [verdict.well] if name == Wheelyard.name else []
        rows.append((fault.what, *cells))
    Page(
        title="Uploads and caches that something happens to, beside devpi, pypiserver and proxpi",
        target="bench-faults",
        made=versions(DEVPI, PYPISERVER, PROXPI),
        notes=notes_of(__doc__),
        heads=("fault", *names),
        rows=rows,
    ).deliver(given.write, met=False not in ours and (None not in ours or given.allow_skips))


def _tried(fault: Fault, kind: type[Peer], tries: int) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="wheelyard-faults-") as directory:
        return fault.to(kind(Path(directory) / kind.name), tries)


if __name__ == "__main__":
    main()
