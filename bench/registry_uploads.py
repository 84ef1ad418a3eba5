"""Uploads against devpi and pypiserver: ratios of one run, medians of alternating rounds. ``make bench-uploads``.

    python bench/registry_uploads.py [--rounds 3] [--only small] [--write FILE]

Wheelyard checks a token on every request, checks what it gets, and syncs file, directory and catalogue to the disk
before it answers. devpi checks its login token and syncs its database, but not the files; pypiserver checks and syncs
nothing. Nobody is helped: what the peers leave out counts for them.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from alternating import Rounds, alternating
from registry_peers import DEVPI, PYPISERVER, Devpi, PypiServer, Running, Wheel, Wheelyard, running, versions, wheel
from result_page import Page, Row, arguments, notes_of

SMALL = 5_000
LARGE = 300_000_000
ALREADY_THERE = 1_000
FILLING = 150
"""Seconds that a peer gets to reach that number."""


def sequential(server: Running, wheels: Sequence[Wheel]) -> float:
    """Uploads a second, one client."""
    connection = server.connect()
    forms = [one.form() for one in wheels]
    started = time.perf_counter()
    for form in forms:
        expect(server, server.upload(connection, form))
    taken = time.perf_counter() - started
    connection.close()
    return len(forms) / taken


def concurrent(server: Running, wheels: Sequence[Wheel], clients: int = 8) -> float:
    """Uploads a second, several clients at once."""
    shares = [[one.form() for one in wheels[number::clients]] for number in range(clients)]

    def work(forms: Sequence[bytes]) -> None:
        connection = server.connect()
        for form in forms:
            expect(server, server.upload(connection, form))
        connection.close()

    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, shares))
    return len(wheels) / (time.perf_counter() - started)


def large(server: Running, form: bytes) -> tuple[float, float]:
    """Seconds for a large upload, and the megabytes of memory that it cost at most."""
    before, peak, done = server.memory(), [0], threading.Event()

    def watch() -> None:
        while not done.is_set():
            peak[0] = max(peak[0], server.memory())
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    connection = server.connect()
    started = time.perf_counter()
    expect(server, server.upload(connection, form))
    taken = time.perf_counter() - started
    connection.close()
    done.set()
    watcher.join()
    return taken, (peak[0] - before) / 1e6


def expect(server: Running, status: int) -> None:
    """Fail unless the upload was accepted."""
    if status != 200:
        raise RuntimeError(f"{server.name} answered {status} to an upload")


def against_devpi(work: Path, rounds: int, count: int, there: int) -> list[Row]:
    """The three figures of small wheels."""
    with running(Wheelyard(work / "wheelyard")) as ours, running(Devpi(work / "devpi")) as theirs:
        servers = {"wheelyard": ours, "devpi": theirs}
        for server in servers.values():
            sequential(server, [wheel("warm-up", f"1.{number}", SMALL) for number in range(20)])

        def one_client(server: Running, number: int) -> float:
            made = [wheel(f"single-{number}-{item}", "1.0", SMALL) for item in range(count)]
            return sequential(server, made)

        def eight_clients(server: Running, number: int) -> float:
            made = [wheel(f"eight-{number}-{item}", "1.0", SMALL) for item in range(count)]
            return concurrent(server, made)

        def into_a_large_project(server: Running, number: int) -> float:
            made = [wheel("large-project", f"2.{number}.{item}", SMALL) for item in range(max(4, count // 20))]
            return sequential(server, made)

        def row(what: str, measure: Callable[[Running, int], float]) -> Row:
            print(what, file=sys.stderr)
            return _row(what, alternating(rounds, {name: partial(measure, servers[name]) for name in servers}))

        rows = [row("5 kB, one client", one_client), row("5 kB, 8 clients, no errors", eight_clients)]
        held = [fill(server, there) for server in servers.values()]
        return [*rows, row(f"5 kB, one client, into {held[0]} versions (devpi: {held[1]})", into_a_large_project)]


def fill(server: Running, wanted: int) -> int:
    """Give a project many versions, as many as come in ``FILLING`` seconds; devpi slows down with each."""
    connection, deadline = server.connect(), time.monotonic() + FILLING
    for number in range(wanted):
        if time.monotonic() > deadline:
            return number
        expect(server, server.upload(connection, wheel("large-project", f"1.{number}", SMALL).form()))
    connection.close()
    print(f"  {server.name} holds {wanted} versions of one project", file=sys.stderr, flush=True)
    return wanted


def _row(what: str, found: Rounds) -> Row:
    ours, theirs, ratio = found.median("wheelyard"), found.median("devpi"), found.ratio("wheelyard", "devpi")
    wished = f"{ratio:.2f} (at least 1.5)"
    return Row(what, f"{ours:.1f}/s", f"devpi {theirs:.1f}/s", wished, met=ratio >= 1.5, loads=found.loads)


def against_pypiserver(work: Path, rounds: int, size: int) -> list[Row]:
    """The figure of a large wheel, and its memory."""
    growth: list[float] = []
    with running(Wheelyard(work / "wheelyard-large")) as ours, running(PypiServer(work / "pypiserver")) as theirs:
        for server in (ours, theirs):
            large(server, wheel("warm-up", "1.0", 20_000_000).form())

        def measure(server: Running, number: int) -> float:
            taken, grown = large(server, wheel(f"large-{number}", "1.0", size).form())
            if server is ours:
                growth.append(grown)
            return taken

        what = f"{size // 1_000_000} MB, fsync included"
        print(what, file=sys.stderr)
        found = alternating(rounds, {"ours": partial(measure, ours), "theirs": partial(measure, theirs)})
    mine, other, ratio = found.median("ours"), found.median("theirs"), found.ratio("ours", "theirs")
    wished, peak = f"{ratio:.2f} (at most 0.8)", max(growth)
    grown = "... growth of memory, largest of the rounds"
    return [
        Row(what, f"{mine:.2f} s", f"pypiserver {other:.2f} s", wished, met=ratio <= 0.8, loads=found.loads),
        Row(grown, f"{peak:.1f} MB", "", "below 20 MB", met=peak < 20, loads=found.loads),
    ]


def main() -> None:
    """Measure, print one page, exit 1 if a figure is missed."""
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--count", type=int, default=200, help="small uploads a round")
    parser.add_argument("--size", type=int, default=LARGE, help="bytes of the large wheel")
    parser.add_argument("--there", type=int, default=ALREADY_THERE, help="versions of the large project")
    parser.add_argument("--only", choices=["small", "large"])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wheelyard-bench-") as directory:
        work, rows = Path(directory), []
        if given.only != "large":
            rows += against_devpi(work, given.rounds, given.count, given.there)
        if given.only != "small":
            rows += against_pypiserver(work, given.rounds, given.size)
    Page(
        title="Uploads, against devpi and pypiserver",
        target="bench-uploads",
        made=f"{versions(DEVPI, PYPISERVER)}. Medians of {given.rounds} alternating rounds",
        notes=notes_of(__doc__),
        heads=("upload", "wheelyard", "peer", "ratio", "met", "load"),
        rows=[row.cells for row in rows],
    ).deliver(given.write, met=all(row.met for row in rows))


if __name__ == "__main__":
    main()
