"""Reads against nginx serving the same bytes as static files, and against other indexes. ``make bench-registry``.

    python bench/registry_reads.py [--rounds 9] [--seconds 1] [--write FILE]

Needs nginx and wrk (Debian: apt install nginx wrk). 16 connections kept alive, medians of alternating
rounds; a ratio is the median of the rounds' ratios. Wheelyard is asked with a read token that is good for the projects
of the corpus only; nginx asks nobody anything.
"""

from __future__ import annotations

import getpass
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from alternating import Rounds, alternating
from registry_corpus import BIG, LARGE, MANY, Corpus, fill, made_corpus
from registry_peers import NotStarted, Running, Wheelyard, basic, free_port, running
from result_page import Page, Row, arguments, load, notes_of

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
CONNECTIONS = 16


@dataclass(frozen=True)
class Place:
    """A server as wrk reaches it: where, and with which header lines."""

    name: str
    base: str
    headers: tuple[str, ...] = ()

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"{self.base}{path}"


def wrk(url: str, seconds: float, headers: Sequence[str] = ()) -> float:
    """Requests a second; every answer must be a 2xx or a 304.

    Raises:
        RuntimeError: an answer had another status, or a connection failed.
    """
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{max(1, round(seconds))}s", "--latency"]
    for header in headers:
        command += ["-H", header]
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}: {said}")
    found = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    if found is None:
        raise RuntimeError(f"{url}: {said}")
    return float(found[1])


def fetched(url: str, headers: Sequence[str], place: Path) -> tuple[bytes, str]:
    """The body of an answer as sent, and its entity tag; checked to be a 200."""
    command = ["curl", "-sS", "--dump-header", str(place), "--output", "-", "--fail"]
    for header in headers:
        command += ["-H", header]
    body = subprocess.run([*command, url], capture_output=True, check=True).stdout
    tag = re.search(r"^etag: (.*?)\r?$", place.read_text(), re.IGNORECASE | re.MULTILINE)
    return body, "" if tag is None else tag[1]


@contextmanager
def nginx(root: Path, work: Path) -> Iterator[Place]:
    """nginx with one worker over a folder of static files, as fast as its documentation says how."""
    port = free_port()
    settings = work / "nginx.conf"
    settings.write_text(
        f"user {getpass.getuser()}; worker_processes 1; daemon off; pid {work}/nginx.pid; error_log {work}/nginx.log;\n"
        "events { worker_connections 256; }\n"
        f"http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; etag on;\n"
        "  open_file_cache max=10000; open_file_cache_valid 60s; client_body_temp_path /tmp;\n"
        f"  server {{ listen 127.0.0.1:{port}; root {root}; index index; default_type application/octet-stream; }} }}\n"
    )
    process = subprocess.Popen(["nginx", "-c", str(settings), "-e", str(work / "nginx.log")], cwd=work)
    try:
        deadline = time.monotonic() + 10
        while subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}/"], check=False).returncode:
            if time.monotonic() > deadline:
                raise NotStarted(f"nginx did not start: {(work / 'nginx.log').read_text()}")
            time.sleep(0.05)
        yield Place("nginx", f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


class Reads:
    """The rows, measured on one filled registry and one nginx."""

    def __init__(self, ours: Place, theirs: Place, root: Path, *, rounds: int, seconds: float) -> None:
        self._ours = ours
        self._theirs = theirs
        self._root = root
        self._rounds = rounds
        self._seconds = seconds

    def page(self, what: str, project: str, media_type: str, wish: float) -> Row:
        """A page against the same bytes in a file; as uv asks for it, so compressed on both sides."""
        headers = (*self._ours.headers, f"Accept: {media_type}", "Accept-Encoding: gzip")
        path = f"/simple/{project}/"
        body, _ = fetched(self._ours.url(path), headers, self._root / ".headers")
        if body[:2] == b"\x1f\x8b":
            gzip.decompress(body)
        static = self._keep(f"{project}-{media_type.rpartition('+')[2]}", body)
        return self._against(f"{what} ({len(body):,} bytes)", path, headers, static, wish)

    def file(self, what: str, path: str, wish: float) -> Row:
        """A small file against the same file."""
        body, _ = fetched(self._ours.url(path), self._ours.headers, self._root / ".headers")
        return self._against(what, path, self._ours.headers, self._keep(Path(path).name, body), wish)

    def unchanged(self, project: str) -> Row:
        """A conditional request against our own 200."""
        headers = (*self._ours.headers, f"Accept: {JSON}")
        url = self._ours.url(f"/simple/{project}/")
        _, tag = fetched(url, headers, self._root / ".headers")
        conditional = (*headers, f"If-None-Match: {tag}")
        found = self._alternate(lambda: wrk(url, self._seconds, conditional), lambda: wrk(url, self._seconds, headers))
        return _row("conditional request (304), against our own 200", found, 1.0)

    def large(self, server: Running, path: str, size: int) -> list[Row]:
        """Megabytes a second of a large file, fetched by one client, and what that cost in memory."""
        static = self._keep(Path(path).name, fetched(self._ours.url(path), self._ours.headers, self._root / ".h")[0])
        before = server.memory()
        found = self._alternate(
            lambda: _megabytes(self._ours.url(path), self._ours.headers, size),
            lambda: _megabytes(self._theirs.url(static), (), size),
        )
        grown = (server.memory() - before) / 1e6
        return [
            _row(f"{size // 1_000_000} MB wheel, MB/s", found, 0.8),
            Row("... growth of memory", f"{grown:.1f} MB", "", "below 20 MB", met=grown < 20, loads=found.loads),
        ]

    def _against(self, what: str, path: str, headers: Sequence[str], static: str, wish: float) -> Row:
        found = self._alternate(
            lambda: wrk(self._ours.url(path), self._seconds, headers),
            lambda: wrk(self._theirs.url(static), self._seconds),
        )
        return _row(what, found, wish)

    def _alternate(self, ours: Callable[[], float], theirs: Callable[[], float]) -> Rounds:
        ours(), theirs()  # warm
        return alternating(self._rounds, {"ours": lambda _: ours(), "theirs": lambda _: theirs()})

    def _keep(self, name: str, body: bytes) -> str:
        (self._root / name).write_bytes(body)
        return f"/{name}"


def _row(what: str, found: Rounds, wish: float) -> Row:
    ours, theirs, ratio = found.median("ours"), found.median("theirs"), found.ratio("ours", "theirs")
    wished = f"{ratio:.2f} (at least {wish})"
    return Row(what, f"{ours:,.0f}", f"{theirs:,.0f}", wished, met=ratio >= wish, loads=found.loads)


def _megabytes(url: str, headers: Sequence[str], size: int) -> float:
    command = ["curl", "-sS", "--fail", "-o", "/dev/null", "-w", "%{time_total} %{size_download}"]
    for header in headers:
        command += ["-H", header]
    seconds, got = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout.split()
    if int(got) != size:
        raise RuntimeError(f"{url}: {got} of {size} bytes")
    return size / 1e6 / float(seconds)


def started(peer: Wheelyard, corpus: Corpus) -> tuple[Running, Row]:
    """The registry started on what it holds, and how long that took up to its first page."""
    before, loads = time.perf_counter(), load()
    server = peer.start()
    page = server.listed(corpus.projects[0])
    taken = time.perf_counter() - before
    assert len(page) == corpus.files_each
    what = f"start to the first page, {corpus.count:,} files"
    return server, Row(what, f"{taken:.2f} s", "", "at most 2 s", met=taken <= 2, loads=loads)


def measured(corpus: Corpus, work: Path, *, rounds: int, seconds: float) -> list[Row]:
    """All rows of one corpus."""
    peer, root = Wheelyard(work / "wheelyard"), work / "static"
    root.mkdir()
    with running(peer) as server:
        token = fill(server, corpus)
    server, starting = started(peer, corpus)
    rows = [starting]
    with ExitStack() as stack:
        stack.callback(server.stop)
        theirs = stack.enter_context(nginx(root, work))
        ours = Place("wheelyard", f"http://127.0.0.1:{server.port}", (f"Authorization: {basic('__token__', token)}",))
        reads = Reads(ours, theirs, root, rounds=rounds, seconds=seconds)
        project = corpus.projects[0]
        small = next(iter(server.listed(project)))
        rows += [
            reads.page("page of 10 files, JSON", project, JSON, 0.3),
            reads.page("page of 10 files, HTML", project, HTML, 0.3),
            reads.page("page of 1,000 files, JSON", MANY, JSON, 0.5),
            reads.page("page of 1,000 files, HTML", MANY, HTML, 0.5),
            reads.unchanged(project),
            reads.file("small wheel", f"/files/{project}/{small}", 0.2),
            *reads.large(server, f"/files/{BIG}/{corpus.large.filename}", len(corpus.large.data)),
        ]
        held = server.memory() / 1e6
        rows.append(Row("memory after all of this", f"{held:.0f} MB", "", "at most 150 MB", held <= 150, load()))
    return rows


def main() -> None:
    """Measure, print one page, exit 1 if a figure is missed."""
    parser = arguments(__doc__, rounds=9)
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement")
    parser.add_argument("--projects", type=int, default=2000, help="projects of ten files")
    parser.add_argument("--size", type=int, default=LARGE, help="bytes of the large wheel")
    given = parser.parse_args()
    missing = [tool for tool in ("nginx", "wrk", "curl") if shutil.which(tool) is None]
    if missing:
        print(f"SKIPPED: {', '.join(missing)} missing; Debian: apt install nginx wrk curl", file=sys.stderr)
        sys.exit(77)
    corpus = made_corpus(given.projects, given.size)
    with tempfile.TemporaryDirectory(prefix="wheelyard-bench-") as directory:
        rows = measured(corpus, Path(directory), rounds=given.rounds, seconds=given.seconds)
    Page(
        title="Reads, against nginx",
        target="bench-registry",
        made=f"{corpus.count:,} files. Requests a second, {given.rounds} rounds",
        notes=notes_of(__doc__),
        heads=("read", "wheelyard", "nginx", "ratio", "met", "load"),
        rows=[row.cells for row in rows],
    ).deliver(given.write, met=all(row.met for row in rows))


if __name__ == "__main__":
    main()
