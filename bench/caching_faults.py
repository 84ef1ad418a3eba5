"""Caches whose upstream, process or disk fails while they fetch: what they give out, and what they keep.

The upstream is a real server of ours on loopback that misbehaves as told; the clients are curl.
"""

from __future__ import annotations

import random
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

from faults import Fault, Verdict, small_disk
from registry_peers import Peer, Running
from tests.registry import wheels
from tests.registry.fake_upstream import serving_upstream
from watched_cache import (
    FILE,
    FLIGHT,
    Cache,
    Published,
    caching,
    came,
    download,
)

from wheelyard_resolver.page import JSON_V1

HALF = 8_000_000
"""Bytes after which something happens to a file."""

LARGE = 300_000_000
CROWD = 50
GROWTH = 100_000_000
"""Bytes that a server may grow by while the crowd is served."""

PROMPT = 5.0
"""Seconds in which what is cached must come while something else hangs."""


def dies(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """A connection that ends in the middle of a file."""
    with caching(peer) as cache:
        for what, cuts in (("once", [HALF]), ("for good", [HALF, *[0] * 9])):
            one = cache.publish()
            cache.upstream.cuts = list(cuts)
            cache.note(what, cache.get(one))
            cache.upstream.cuts = []
            cache.recovers(one)
    return cache.verdict()


def other_bytes(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """Bytes that are not the page's: in a small and a large file, fewer, more."""
    with caching(peer) as cache:
        for what, size, change in (
            ("small", 100_000, 0),
            ("large", FLIGHT, 0),
            ("shorter", FLIGHT, -9),
            ("longer", FLIGHT, 9),
        ):
            one = cache.publish(size)
            cache.upstream.served_instead[one.built.filename] = b"!" * (len(one.built.data) + change)
            cache.note(what, cache.get(one))
            cache.upstream.served_instead.clear()
            cache.recovers(one)
    return cache.verdict()


def hangs(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """An upstream that says nothing, or stops in the middle of a file; what is cached must go on coming."""
    with caching(peer) as cache:
        warm, unread, unopened, halfway = (cache.cached(), *(cache.publish() for _ in range(3)))
        cache.ask(unopened.project)
        cache.upstream.stalls = [HALF, *[0] * 9]
        cache.note("in the middle", _beside(cache, halfway, warm))
        cache.upstream.stalls = []
        cache.upstream.silent = True
        cache.note("a file", _beside(cache, unopened, warm))
        cache.note("a page", _beside(cache, unread, warm))
        cache.upstream.silent = False
        for one in (unread, unopened, halfway):
            cache.recovers(one)
    return cache.verdict()


def _beside(cache: Cache, hanging: Published, warm: Published) -> str:
    """What the one who asks for what hangs is given; meanwhile another takes what is cached."""
    started = time.perf_counter()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(cache.get, hanging)
        time.sleep(0.5)
        before = time.perf_counter()
        said, taken = cache.get(warm), time.perf_counter() - before
        if said != FILE or taken > PROMPT:
            cache.wrong.append(f"meanwhile what is cached: {said}, after {taken:.0f} s")
        return f"{asked.result()} after {time.perf_counter() - started:.0f} s"


def busy(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """Answers 429 and 503: once, for good to what is not known, for good to what is."""
    with caching(peer) as cache:
        known = cache.cached()
        for status in (429, 503):
            one = cache.publish()
            cache.upstream.busy = [status]
            cache.note(f"{status} once", cache.get(one))
            cache.upstream.busy = []
            cache.recovers(one)
            unknown = cache.publish()
            cache.stale()
            cache.upstream.busy = [status] * 99
            cache.note(f"{status}", cache.ask(unknown.project))
            cache.note("cached", cache.get(known))
            cache.upstream.busy = []
            cache.recovers(unknown)
    return cache.verdict()


def redirects(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """Redirects of a page and of a file to a host that nobody named."""
    with caching(peer) as cache, serving_upstream() as other:
        elsewhere = other.url.replace("127.0.0.1", "localhost")
        page, file = cache.publish(100_000), cache.publish(100_000)
        other.add(page.project, wheels.wheel(page.project, "9.9"))
        other.garbage[file.built.filename] = ("application/octet-stream", b"secret" * 20_000)
        cache.upstream.redirects[f"/{page.project}/"] = f"{elsewhere}{page.project}/"
        cache.note("page", cache.ask(page.project))
        cache.upstream.redirects[file.built.filename] = f"{elsewhere}{file.built.filename}"
        cache.note("file", cache.get(file))
        cache.upstream.redirects.clear()
        if other.requests:
            cache.wrong.append("asks the host that it is sent to")
        cache.stale()
        cache.recovers(page)
        cache.recovers(file)
    return cache.verdict()


def changes(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """Another file under the same name: between page and file, and after the file was cached."""
    with caching(peer) as cache:
        for what, one in (("before it is cached", cache.publish()), ("afterwards", cache.cached(FLIGHT))):
            url, stated = cache.server.listed(one.project)[one.built.filename]
            new = Published(one.project, wheels.wheel(one.project, "1.0", padding=FLIGHT + 1))
            cache.upstream.files[one.project] = [new.built]
            cache.note(what, cache.take(one, url, stated))
            cache.stale()
            cache.published.append(new)
            url, stated = cache.server.listed(one.project)[one.built.filename]
            if cache.take(new, url, stated) != FILE:
                cache.recovers(new)
    return cache.verdict()


def garbage(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """Pages that are none: a login form, half a document, another version, a picture."""
    pages = {
        "login form": ("text/html", b"<!DOCTYPE html><title>Log in</title><a href='/login'>here</a>"),
        "half a page": (JSON_V1, b'{"meta": {"api-version": "1.0"}, "files": ['),
        "version 2": (JSON_V1, b'{"meta": {"api-version": "2.0"}, "files": []}'),
        "picture": ("image/png", b"\x89PNG"),
    }
    with caching(peer) as cache:
        for what, page in pages.items():
            known, unknown = cache.cached(), cache.publish(100_000)
            cache.stale()
            cache.upstream.garbage = {f"/{one.project}/": page for one in (known, unknown)}
            said = cache.ask(unknown.project)
            if said in {"200", "404"}:
                cache.wrong.append(f"{what}: taken for {'an empty project' if said == '200' else 'no project'}")
            cache.note(what, f"{said} and {cache.get(known)}")
            cache.upstream.garbage = {}
            cache.stale()
            cache.recovers(known)
            cache.recovers(unknown)
    return cache.verdict()


def kill(peer: Peer, tries: int) -> Verdict:
    """``kill -9`` at a random moment of a download through the cache."""
    chance = random.Random(7)
    with caching(peer) as cache:
        cache.upstream.pace = 0.05
        for _ in range(tries):
            one = cache.publish()
            with ThreadPoolExecutor(1) as pool:
                client = pool.submit(_interrupted, cache.server, one)
                time.sleep(chance.uniform(0.02, 1.3))
                cache.server.kill()
                client.result()
            cache.server = peer.start()
            cache.upstream.down = True
            cache.get(one)
            cache.upstream.down = False
            cache.recovers(one)
        cache.server.stop()
    return came(cache.wrong, f"the file after each of {tries} kills")


def _interrupted(server: Running, one: Published) -> None:
    """A client whose server may go away at any moment; what it got then is no concern of the server."""
    try:
        url, _ = server.listed(one.project).get(one.built.filename, ("", ""))
    except OSError:
        return
    if url:
        download(server, urljoin(f"http://127.0.0.1:{server.port}{server.index_path}{one.project}/", url))


def full_disk(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """Two megabytes left, then none."""
    with small_disk(peer) as disk, caching(peer) as cache:
        warm = cache.cached()
        for what, left in (("2 MB left", 2_000_000), ("none left", 0)):
            one = cache.publish()
            disk.fill(left=left)
            cache.note(what, cache.get(one))
            cache.stale()
            said = cache.get(warm)
            if said != FILE:
                cache.wrong.append(f"meanwhile what is cached: {said}")
            disk.clear()
            cache.recovers(one)
    return cache.verdict()


def crowd(peer: Peer, tries: int) -> Verdict:  # noqa: ARG001
    """Fifty clients that ask for one large file at the same time."""
    if shutil.disk_usage(peer.directory.parent).free < 3 * LARGE:
        return Verdict(well=None, text="too little disk")
    with caching(peer) as cache:
        one = cache.publish(LARGE)
        cache.cached()
        before, peak, over = cache.server.memory(), [0], threading.Event()

        def watch() -> None:
            while not over.wait(0.2):
                peak[0] = max(peak[0], cache.server.memory())

        watcher = threading.Thread(target=watch)
        watcher.start()
        started = time.perf_counter()
        with ThreadPoolExecutor(CROWD) as pool:
            said = list(pool.map(lambda _: cache.get(one), range(CROWD)))
        taken = time.perf_counter() - started
        over.set()
        watcher.join()
        fetched, grown = len(cache.upstream.asked_for(one.built.filename)), peak[0] - before
        cache.wrong += [f"given {each}" for each in said if each != FILE]
        cache.wrong += [f"{fetched} fetches"] * (fetched != 1) + [f"grew by {grown / 1e6:.0f} MB"] * (grown > GROWTH)
    return came(cache.wrong, f"{CROWD} times the file in {taken:.0f} s, one fetch, grew by {grown / 1e6:.0f} MB")


FAULTS: dict[str, Fault] = {
    "dies": Fault("upstream breaks off in the middle of 20 MB", dies),
    "other": Fault("upstream sends other bytes", other_bytes),
    "hangs": Fault("upstream hangs", hangs),
    "busy": Fault("upstream answers 429, 503", busy),
    "redirects": Fault("upstream redirects to a host that nobody named", redirects),
    "changes": Fault("upstream changes a file under its name", changes),
    "garbage": Fault("upstream serves garbage pages (unknown and known projects)", garbage),
    "kill-caching": Fault("kill -9 while 20 MB are cached", kill),
    "full-caching": Fault("full disk while 20 MB are cached", full_disk),
    "crowd": Fault("50 clients ask for 300 MB that are not cached", crowd),
}
