"""Uploads against devpi and pypiserver: ratios of one run, medians of alternating rounds. ``make bench-uploads``.

    python bench/registry_uploads.py [--rounds 3] [--only small] [--write FILE]

Wheelyard checks a token on every request, checks what it gets, and syncs file, directory and catalogue to the disk
before it answers. devpi checks its login token and syncs its database, but not the files; pypiserver checks and syncs
nothing. Nobody is helped: what the peers leave out counts for them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from registry_peers import Devpi, Peer, PypiServer, Running, Wheel, Wheelyard, load, running, setting, wheel

SMALL = 5_000
LARGE = 300_000_000
ALREADY_THERE = 1_000
FILLING = 150
"""Seconds that a peer gets to reach that number."""


@dataclass(frozen=True)
class Row:
    """A figure of ours, what it is held against, what their ratio should be, and the loads met."""

    what: str
    ours: str
    theirs: str
    ratio: str
    met: bool
    loads: str

    def __str__(self) -> str:
        verdict = "yes" if self.met else "NO"
        return f"| {self.what} | {self.ours} | {self.theirs} | {self.ratio} | {verdict} | {self.loads} |"


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


def alternating(rounds: int, measure: Callable[[int, int], float], names: Sequence[str]) -> tuple[list[float], str]:
    """The median of each, measured in turn, round by round; and the loads met."""
    figures: list[list[float]] = [[] for _ in names]
    loads = []
    for number in range(rounds):
        loads.append(load())
        for place in range(len(names)):
            figures[place].append(measure(place, number))
        shown = ", ".join(f"{name} {values[-1]:.1f}" for name, values in zip(names, figures, strict=True))
        print(f"  round {number + 1}: {shown} (load {loads[-1]})", file=sys.stderr, flush=True)
    return [statistics.median(values) for values in figures], "/".join(loads)


def against_devpi(work: Path, rounds: int, count: int, there: int) -> list[Row]:
    """The three figures of small wheels."""
    names = ("wheelyard", "devpi")
    with running(Wheelyard(work / "wheelyard")) as ours, running(Devpi(work / "devpi")) as theirs:
        servers = (ours, theirs)
        for server in servers:
            sequential(server, [wheel("warm-up", f"1.{number}", SMALL) for number in range(20)])

        def one_client(place: int, number: int) -> float:
            made = [wheel(f"single-{number}-{item}", "1.0", SMALL) for item in range(count)]
            return sequential(servers[place], made)

        def eight_clients(place: int, number: int) -> float:
            made = [wheel(f"eight-{number}-{item}", "1.0", SMALL) for item in range(count)]
            return concurrent(servers[place], made)

        def into_a_large_project(place: int, number: int) -> float:
            made = [wheel("large-project", f"2.{number}.{item}", SMALL) for item in range(max(4, count // 20))]
            return sequential(servers[place], made)

        rows = []
        print("one client", file=sys.stderr)
        rows.append(_row("5 kB, one client", *alternating(rounds, one_client, names)))
        print("eight clients", file=sys.stderr)
        rows.append(_row("5 kB, 8 clients, no errors", *alternating(rounds, eight_clients, names)))
        held = [fill(server, there) for server in servers]
        what = f"5 kB, one client, into {held[0]} versions (devpi: {held[1]})"
        rows.append(_row(what, *alternating(rounds, into_a_large_project, names)))
        return rows


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


def _row(what: str, medians: Sequence[float], loads: str) -> Row:
    ours, theirs = medians
    ratio = ours / theirs
    return Row(
        what, f"{ours:.1f}/s", f"devpi {theirs:.1f}/s", f"{ratio:.2f} (at least 1.5)", met=ratio >= 1.5, loads=loads
    )


def against_pypiserver(work: Path, rounds: int, size: int) -> list[Row]:
    """The figure of a large wheel, and its memory."""
    names = ("wheelyard", "pypiserver")
    peers: tuple[Peer, ...] = (Wheelyard(work / "wheelyard-large"), PypiServer(work / "pypiserver"))
    growth: list[float] = []
    with running(peers[0]) as ours, running(peers[1]) as theirs:
        servers = (ours, theirs)
        for server in servers:
            large(server, wheel("warm-up", "1.0", 20_000_000).form())

        def measure(place: int, number: int) -> float:
            form = wheel(f"large-{number}", "1.0", size).form()
            taken, grown = large(servers[place], form)
            if place == 0:
                growth.append(grown)
            return taken

        print("large", file=sys.stderr)
        (mine, other), loads = alternating(rounds, measure, names)
    ratio, peak = mine / other, max(growth)
    return [
        Row(
            f"{size // 1_000_000} MB, fsync included",
            f"{mine:.2f} s",
            f"pypiserver {other:.2f} s",
            f"{ratio:.2f} (at most 0.8)",
            met=ratio <= 0.8,
            loads=loads,
        ),
        Row(
            "... growth of memory, largest of the rounds",
            f"{peak:.1f} MB",
            "",
            "below 20 MB",
            met=peak < 20,
            loads=loads,
        ),
    ]


def report(rows: Sequence[Row], rounds: int) -> str:
    """The page that is kept in docs/benchmarks."""
    lines = [
        "# Uploads, against devpi and pypiserver",
        "",
        "Written by `make bench-uploads`.",
        "",
        f"{setting()}. Medians of {rounds} alternating rounds.",
        "",
        *__doc__.strip().split("\n\n")[2:],
        "",
        "| upload | wheelyard | peer | ratio | met | load before each round |",
        "|---|---|---|---|---|---|",
        *map(str, rows),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print one page, exit 1 if a figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--count", type=int, default=200, help="small uploads a round")
    parser.add_argument("--size", type=int, default=LARGE, help="bytes of the large wheel")
    parser.add_argument("--there", type=int, default=ALREADY_THERE, help="versions of the large project")
    parser.add_argument("--only", choices=["small", "large"])
    parser.add_argument("--write", type=Path, help="where to put the page, beside printing it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wheelyard-bench-") as directory:
        work, rows = Path(directory), []
        if given.only != "large":
            rows += against_devpi(work, given.rounds, given.count, given.there)
        if given.only != "small":
            rows += against_pypiserver(work, given.rounds, given.size)
    page = report(rows, given.rounds)
    print(page, end="")
    if given.write is not None:
        given.write.parent.mkdir(exist_ok=True)
        given.write.write_text(page)
    sys.exit(not all(row.met for row in rows))


if __name__ == "__main__":
    main()
