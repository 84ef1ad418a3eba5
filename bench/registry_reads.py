"""Reads against nginx serving the same bytes as static files, and beside other indexes. ``make bench-registry``.

    python bench/registry_reads.py [--rounds 3] [--seconds 1] [--only reads] [--write FILE]

Needs nginx and wrk (Debian: apt install nginx wrk), and the snapshot of `make bench-resolver` for one row. Requests a
second of 16 connections kept alive, medians of rounds in which all are measured in turn; a ratio is the median of the
rounds' ratios. Rows where a ratio is close to what is wanted get ten times the rounds, without the peers: pages of
1,000 files, conditional requests, installations, compilations. Wheelyard is asked with a read token that is good for
the projects of the corpus only; the others ask nobody anything. pypiserver and simple-repository-server serve the
files from the directory in which they were made, devpi got them uploaded as Wheelyard did, proxpi has them from nginx
and keeps them. A server that takes longer than 0.25 s for one answer is asked one at a time.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cold_clients import install
from comparison import Comparison, Measure, Wish
from registry_corpus import BIG, FILES_EACH, LARGE, MANY, VERSIONS, Corpus, fill, made_corpus, read_token
from registry_growth import growth, made_in_background
from registry_mirrors import PROXPI, Proxpi, before
from registry_peers import (
    DEVPI,
    PYPISERVER,
    SIMPLE_REPOSITORY,
    Devpi,
    NotStarted,
    Peer,
    PypiServer,
    Running,
    SimpleRepositoryServer,
    Wheelyard,
    basic,
    running,
    versions,
)
from request_rates import Request, Unfit, answer, megabytes, rate
from result_page import Page, Row, arguments, notes_of
from static_site import StaticSite, static_site
from warm_mirror import warm_mirror

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
PEERS = (Devpi.name, PypiServer.name, Proxpi.name, SimpleRepositoryServer.name)
PATIENCE = 40
"""Seconds that devpi gets for the project of many versions: with each one the next takes longer."""


@dataclass(frozen=True)
class Index:
    """An index as its readers reach it; ``token`` is theirs, if they need one."""

    server: Running
    token: str = ""

    def request(self, path: str) -> Request:
        """What is asked for a path."""
        headers = (f"Authorization: {basic('__token__', self.token)}",) if self.token else ()
        return Request(f"http://127.0.0.1:{self.server.port}{path}", headers)

    def page(self, project: str, media_type: str) -> Request:
        """What is asked for a page."""
        return self.request(f"{self.server.index_path}{project}/").having(f"Accept: {media_type}")

    def file(self, project: str, filename: str) -> Request:
        """What is asked for a file, which has to be on its project's page.

        Raises:
            Unfit: it is not.
        """
        listed = self.server.listed(project)
        if filename not in listed:
            raise Unfit(f"it does not list {filename}")
        return self.request(self.server.path_of(project, listed[filename][0]))

    @property
    def url(self) -> str:
        """The index URL that clients are given."""
        login = f"__token__:{self.token}@" if self.token else ""
        return f"http://{login}127.0.0.1:{self.server.port}{self.server.index_path}"


class Reads:
    """The rows about one corpus."""

    def __init__(
        self, comparison: Comparison, corpus: Corpus, site: StaticSite, indexes: dict[str, Index], seconds: float
    ) -> None:
        self._comparison = comparison
        self._corpus = corpus
        self._site = site
        self._ours = indexes[Wheelyard.name]
        self._peers = {name: index for name, index in indexes.items() if name in PEERS}
        self._seconds = seconds
        self._files: dict[tuple[str, str], Request] = {}

    def page(self, what: str, project: str, media_type: str, bound: float, *, closely: bool = False) -> Row:
        """A page against the same bytes in a file; as pip asks for it, so a large one is compressed on both sides."""

        def asked(index: Index) -> Request:
            return index.page(project, media_type).having("Accept-Encoding: gzip")

        def of_peer(index: Index) -> float:
            kind = answer(asked(index)).headers.get("content-type", "")
            if ("json" in kind) != (media_type == JSON):
                raise Unfit(f"it answers with {kind}")
            return rate(asked(index), self._seconds)

        body = answer(asked(self._ours)).body
        static = self._site.keep(f"/static/{project}-{media_type.rpartition('+')[2]}", body)
        return self._against(
            f"{what} ({len(body):,} bytes)", asked(self._ours), static, bound, self._each(of_peer), closely=closely
        )

    def unchanged(self, project: str) -> Row:
        """A conditional request against our own 200."""

        def asked(index: Index) -> Request:
            tag = answer(index.page(project, JSON)).headers.get("etag")
            if tag is None:
                raise Unfit("it sends no entity tag")
            return index.page(project, JSON).having(f"If-None-Match: {tag}")

        ours, whole = asked(self._ours), self._ours.page(project, JSON)
        return self._comparison.row(
            "conditional request (304), against our own 200",
            lambda: rate(ours, self._seconds, wanted=304),
            lambda: rate(whole, self._seconds),
            Wish(1.0),
            peers=self._each(lambda index: rate(asked(index), self._seconds, wanted=304)),
            closely=True,
        )

    def small(self, project: str, bound: float) -> Row:
        """A small wheel against the same file."""
        path = self._corpus.files(project)[0]
        return self._against(
            f"small wheel ({path.stat().st_size:,} bytes)",
            self._ours.file(project, path.name),
            f"/files/{project}/{path.name}",
            bound,
            self._each(lambda index: rate(self._file(index, project, path.name), self._seconds)),
        )

    def large(self) -> list[Row]:
        """Megabytes a second of a large file, fetched by one client, and what that cost in memory."""
        size, name = self._corpus.size, self._corpus.large
        ours, static = self._ours.file(BIG, name), Request(self._site.url(f"/files/{BIG}/{name}"))
        before = self._ours.server.memory()
        row = self._comparison.row(
            f"{size // 1_000_000} MB wheel, MB/s",
            lambda: megabytes(ours, size),
            lambda: megabytes(static, size),
            Wish(0.8),
            peers=self._each(lambda index: _settled(self._file(index, BIG, name), size)),
        )
        grown = (self._ours.server.memory() - before) / 1e6
        bound = Wish(20, least=False, unit=" MB")
        return [row, self._comparison.figure("... growth of memory", grown, bound, "{:.1f} MB")]

    def install(self) -> Row:
        """uv installing a tree of packages."""
        project, count = self._corpus.tree[0], len(self._corpus.tree)
        return self._comparison.row(
            f"`uv pip install` of {count} packages, cold client, s",
            lambda: install(self._ours.url, project, count),
            lambda: install(self._site.url("/simple/"), project, count),
            Wish(1.1, least=False),
            peers=self._each(lambda index: install(index.url, project, count)),
            closely=True,
            shown="{:.2f}",
        )

    def memory(self) -> Row:
        """What all that has left in memory."""
        bound = Wish(150, least=False, unit=" MB")
        of_peers = self._each(lambda index: index.server.memory() / 1e6)
        ours = self._ours.server.memory() / 1e6
        return self._comparison.figure("memory after all of this", ours, bound, "{:.0f} MB", of_peers)

    def _file(self, index: Index, project: str, filename: str) -> Request:
        asked = (index.server.name, filename)
        if asked not in self._files:
            self._files[asked] = index.file(project, filename)
        return self._files[asked]

    def _each(self, measure: Callable[[Index], float]) -> dict[str, Measure]:
        return {name: partial(_and_rest, measure, index) for name, index in self._peers.items()}

    def _against(
        self, what: str, ours: Request, static: str, bound: float, peers: dict[str, Measure], *, closely: bool = False
    ) -> Row:
        theirs = Request(self._site.url(static))
        return self._comparison.row(
            what,
            lambda: rate(ours, self._seconds),
            lambda: rate(theirs, self._seconds),
            Wish(bound),
            peers=peers,
            closely=closely,
        )


def _and_rest(measure: Callable[[Index], float], index: Index) -> float:
    """Measure a peer; what comes next has the machine for itself: a slow one works on long after its clients left."""
    try:
        return measure(index)
    finally:
        index.server.rest()


def _settled(request: Request, size: int) -> float:
    """The rate of a large file; a cache gets some time to fetch it, during which it may send its clients elsewhere."""
    for _ in range(10):
        try:
            return megabytes(request, size)
        except Unfit:
            time.sleep(1)
    return megabytes(request, size)


def started(peer: Peer, project: str) -> tuple[Running, float]:
    """A server started on what it holds, and the seconds up to its first page."""
    before = time.perf_counter()
    server = peer.start()
    found = server.listed(project)
    taken = time.perf_counter() - before
    if len(found) != FILES_EACH:
        server.stop()
        raise NotStarted(f"{peer.name} lists {len(found)} of {FILES_EACH} files")
    return server, taken


def served_statically(site: StaticSite, ours: Index, corpus: Corpus) -> None:
    """Give nginx the files, and what our registry answers for the projects that clients ask for as pages."""
    (site.root / "files").mkdir()
    for project in (*corpus.projects, MANY, BIG):
        if project not in corpus.tree:
            (site.root / "files" / project).symlink_to(corpus.directory / project)
    for project in corpus.tree:
        for path in corpus.files(project):
            site.keep(f"/files/{project}/{path.name}", path.read_bytes())
        asked = f"/files/{project}/{path.name}.metadata"
        site.keep(asked, answer(ours.request(asked)).body)
    for project in (*corpus.tree, MANY, BIG):
        site.keep_page(project, answer(ours.page(project, JSON)).body)
    site.keep_page("", answer(ours.request("/simple/").having(f"Accept: {JSON}")).body)


@dataclass(frozen=True)
class Filled:
    """Two indexes that hold the corpus, stopped; ``token`` is for readers of ours."""

    corpus: Corpus
    ours: Peer
    devpi: Peer
    token: str
    versions_at_devpi: int


def filled(work: Path, projects: int, size: int) -> Filled:
    """Make the corpus and upload it to both at once."""
    corpus = made_corpus(work / "files", projects, size)
    ours, devpi = Wheelyard(work / "wheelyard"), Devpi(work / "devpi")
    with running(ours) as first, running(devpi) as second, ThreadPoolExecutor() as pool:
        taken = pool.submit(fill, second, corpus, patience=PATIENCE)
        fill(first, corpus)
        token = read_token(first, ["project-*", MANY, BIG])
        return Filled(corpus, ours, devpi, token, taken.result())


def reads(comparison: Comparison, held: Filled, work: Path, site: StaticSite, seconds: float) -> list[Row]:
    """All rows of one corpus."""
    corpus, ours = held.corpus, held.ours
    project = corpus.projects[0]
    if held.versions_at_devpi < VERSIONS:
        took = f"no more than {held.versions_at_devpi} versions of {MANY} came in within {PATIENCE} s"
        comparison.reasons.append(f"devpi, pages of {VERSIONS:,} files: {took}")
    with ExitStack() as stack:
        server, first = started(ours, project)
        stack.callback(server.stop)
        indexes = {ours.name: Index(server, held.token)}
        served_statically(site, indexes[ours.name], corpus)
        peers: list[Peer] = [PypiServer(corpus.directory), before(Proxpi(work / "proxpi"), site.url("/simple/"))]
        starts: dict[str, Measure] = {}
        for peer in (held.devpi, *peers, SimpleRepositoryServer(corpus.directory)):
            try:
                other, seconds_taken = started(peer, project)
            except (NotStarted, OSError) as error:
                comparison.reasons.append(f"all of {peer.name}: {error}")
                continue
            stack.callback(other.stop)
            indexes[peer.name] = Index(other)
            starts[peer.name] = partial(float, seconds_taken)
        what, bound = f"start to the first page, {corpus.count:,} files", Wish(2, least=False, unit=" s")
        rows = [comparison.figure(what, first, bound, "{:.2f} s", starts)]
        table = Reads(comparison, corpus, site, indexes, seconds)
        return [
            *rows,
            table.page("page of 10 files, JSON", project, JSON, 0.3),
            table.page("page of 10 files, HTML", project, HTML, 0.3),
            table.page("page of 1,000 files, JSON", MANY, JSON, 0.5, closely=True),
            table.page("page of 1,000 files, HTML", MANY, HTML, 0.5, closely=True),
            table.unchanged(project),
            table.small(project, 0.2),
            *table.large(),
            table.memory(),
            table.install(),
        ]


def main() -> None:
    """Measure, print one page, exit 1 if a figure is missed."""
    parser = arguments(__doc__, rounds=3)
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement of a rate")
    parser.add_argument("--projects", type=int, default=2000, help="projects of ten files")
    parser.add_argument("--size", type=int, default=LARGE, help="bytes of the large wheel")
    parser.add_argument("--only", choices=["reads", "mirror", "growth"], help="a part")
    given = parser.parse_args()
    missing = [tool for tool in ("nginx", "wrk", "curl") if shutil.which(tool) is None]
    if missing:
        print(f"SKIPPED: {', '.join(missing)} missing; Debian: apt install nginx wrk curl", file=sys.stderr)
        sys.exit(77)
    comparison, rows = Comparison(PEERS, given.rounds), []
    with tempfile.TemporaryDirectory(prefix="wheelyard-bench-") as directory:
        work = Path(directory)
        with made_in_background(work) if given.only in (None, "growth") else nullcontext() as places:
            held = filled(work, given.projects, given.size) if given.only in (None, "reads") else None
        if held is not None:
            with static_site(work / "nginx") as site:
                rows += reads(comparison, held, work, site, given.seconds)
        if given.only in (None, "mirror"):
            rows += warm_mirror(comparison, work)
        if places is not None:
            rows += growth(comparison, places, given.seconds)
            comparison.reasons.append("rows about 200,000 files: the others were not given so many")
    Page(
        title="Reads, against nginx and beside other indexes",
        target="bench-registry",
        made=f"{versions(DEVPI, PYPISERVER, PROXPI, SIMPLE_REPOSITORY)}. Medians of {given.rounds} rounds",
        notes=notes_of(__doc__),
        heads=("read", "wheelyard", "nginx", "ratio", "met", *PEERS, "load"),
        rows=[row.cells for row in rows],
        remarks=["What is missing, and why:", "\n".join(f"- {reason}" for reason in dict.fromkeys(comparison.reasons))],
    ).deliver(given.write, met=all(row.met for row in rows))


if __name__ == "__main__":
    main()
