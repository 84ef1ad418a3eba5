"""A cache in front of an index of ours that misbehaves as told: what curl is given by it, and what it keeps."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from faults import Verdict
from registry_mirrors import PAGE_TTL, Mirror
from registry_peers import Peer, Running, running
from tests.registry import wheels
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.wheels import Built

from wheelyard_resolver.page import JSON_V1

FLIGHT = 20_000_000
"""Bytes of a file that something happens to."""

PATIENCE = 60
"""Seconds without a byte after which a client gives up."""

RECOVERY = 15.0
"""Seconds in which a cache must have the right file once its upstream is well again."""

FILE, BROKEN = "the file", "broken off"


@dataclass(frozen=True)
class Got:
    """What a client has in the end: the status is 0 if none came, ``whole`` as HTTP counts."""

    status: int
    sha256: str
    whole: bool


def download(server: Running, url: str) -> Got:
    """Fetch as pip does, following redirects."""
    command = [
        "curl",
        "-sSL",
        "--speed-limit",
        "1",
        "--speed-time",
        str(PATIENCE),
        "--write-out",
        "%{stderr}\n%{http_code}",
    ]
    command += ["--header", f"Authorization: {server.authorization}", "--header", f"Accept: {JSON_V1}, */*;q=0.1"]
    digest = hashlib.sha256()
    with subprocess.Popen([*command, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as curl:
        assert curl.stdout is not None
        assert curl.stderr is not None
        while chunk := curl.stdout.read(1 << 20):
            digest.update(chunk)
        status = int(curl.stderr.read().rpartition(b"\n")[2])
    return Got(status, digest.hexdigest(), whole=curl.returncode == 0)


@dataclass(frozen=True)
class Published:
    """A file of the upstream index, in a project of its own."""

    project: str
    built: Built


class Cache:
    """A peer in front of an index of ours; what clients were given, and what was wrong with that."""

    def __init__(self, server: Running, upstream: FakeUpstream) -> None:
        self.server = server
        self.upstream = upstream
        self.published: list[Published] = []
        self.said: list[str] = []
        self.wrong: list[str] = []

    def publish(self, size: int = FLIGHT) -> Published:
        """Put a file of about this size into a new project of the upstream."""
        one = Published(f"p{len(self.published)}", wheels.wheel(f"p{len(self.published)}", "1.0", padding=size))
        self.upstream.add(one.project, one.built)
        self.published.append(one)
        return one

    def cached(self, size: int = 100_000) -> Published:
        """A file that is in the cache."""
        one = self.publish(size)
        self.recovers(one)
        return one

    def ask(self, project: str) -> str:
        """What the project's page is answered with: a status."""
        got = download(self.server, self._url(f"{self.server.index_path}{project}/"))
        if got.status == 0 or not got.whole:
            self.wrong.append(f"a page gets no answer in {PATIENCE} s" if got.status == 0 else "a page breaks off")
        return str(got.status)

    def get(self, one: Published) -> str:
        """Page, then file, as a client does."""
        try:
            status, listed = self.server.page(one.project)
        except OSError:
            self.wrong.append(f"a page gets no answer in {PATIENCE} s")
            return "no answer"
        url, stated = listed.get(one.built.filename, ("", ""))
        return self.take(one, url, stated) if url else f"{status} for its page"

    def take(self, one: Published, url: str, stated: str) -> str:
        """The file behind a URL of the page. Whole bytes must be those that the page stated, or the upstream's."""
        got = download(self.server, self._url(f"{self.server.index_path}{one.project}/", url))
        if got.status == 0:
            self.wrong.append("a file gets no answer" + ("" if got.whole else f" in {PATIENCE} s"))
            return "no answer"
        if got.status != 200 or not got.whole:
            return BROKEN if got.status == 200 else str(got.status)
        if got.sha256 not in {stated or one.built.sha256, one.built.sha256}:
            self.wrong.append("other bytes given out as the file")
            return "other bytes"
        return FILE

    def note(self, what: str, said: str) -> None:
        """Remember what a client was given when this happened."""
        self.said.append(f"{what}: {said}")

    def recovers(self, one: Published) -> None:
        """The file comes once all is well again."""
        deadline = time.monotonic() + RECOVERY
        while (said := self.get(one)) != FILE:
            if time.monotonic() > deadline:
                self.wrong.append(f"still {said} {RECOVERY:.0f} s after all was well again")
                return
            time.sleep(0.2)

    def stale(self) -> None:
        """Wait until no page is fresh any more."""
        time.sleep(PAGE_TTL + 0.2)

    def verdict(self) -> Verdict:
        """What came of it all."""
        return came(self.wrong, ", ".join(self.said))

    def _url(self, path: str, link: str = "") -> str:
        return urljoin(urljoin(f"http://127.0.0.1:{self.server.port}", path), link)


def came(wrong: Sequence[str], good: str) -> Verdict:
    """A verdict: everything that was wrong, once."""
    return Verdict(well=not wrong, text="; ".join(dict.fromkeys(wrong)) or good)


@contextmanager
def caching(peer: Peer) -> Iterator[Cache]:
    """The peer in front of an index. In the end it is started again, and what it kept is looked at."""
    assert isinstance(peer, Mirror)
    with serving_upstream() as upstream:
        peer.upstream = upstream.url
        with running(peer) as server:
            cache = Cache(server, upstream)
            yield cache
        upstream.down = True
        with running(peer) as server:
            cache.server = server
            for one in cache.published:
                cache.get(one)
        cache.wrong += strays(peer.directory, cache.published)


def strays(directory: Path, published: Sequence[Published]) -> list[str]:
    """Large files of a cache that are neither those of the upstream nor a database."""
    known = {one.built.sha256 for one in published}
    wrong = []
    for path in directory.rglob("*"):
        if not path.is_file() or path.stat().st_size < 100_000 or ".sqlite" in path.name:
            continue
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        if digest.hexdigest() not in known:
            wrong.append(f"keeps {path.stat().st_size / 1e6:.0f} MB that are no file of its upstream")
    return wrong
