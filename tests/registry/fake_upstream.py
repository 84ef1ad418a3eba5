"""A small simple index on loopback that misbehaves on request. It answers over real HTTP, so nothing is patched."""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from tests.registry.wheels import Built

from wheelyard_resolver.page import JSON_V1

_MEGABYTE = 1024 * 1024


@dataclass
class FakeUpstream:
    """What the index holds and how it behaves; a test changes it as it goes.

    ``cuts`` are lengths after which the next files break off, ``stalls`` those after which they stop and the connection
    stays, ``pace`` the seconds that each megabyte of a file takes, ``busy`` the statuses of the next answers,
    ``redirects`` and ``garbage`` what comes instead for a path's ending; while ``silent`` it answers nothing.
    """

    url: str = ""
    files: dict[str, list[Built]] = field(default_factory=dict)
    down: bool = False
    honours_ranges: bool = True
    offers_metadata: dict[str, bytes] = field(default_factory=dict)
    states_hashes: bool = True
    states_sizes: bool = True
    uploaded: dict[str, str | None] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)
    status: dict[str, dict[str, str]] = field(default_factory=dict)
    yanked: dict[str, str] = field(default_factory=dict)
    served_instead: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    stalls: list[int] = field(default_factory=list)
    pace: float = 0.0
    busy: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    garbage: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    silent: bool = False
    heard: Event = field(default_factory=Event)
    login: str | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    def add(self, project: str, built: Built) -> Built:
        """List a file."""
        self.files.setdefault(project, []).append(built)
        return built

    def asked_for(self, ending: str) -> list[str]:
        """The Range headers (or "") of the requests whose path ends so."""
        return [ranges for path, ranges in self.requests if path.endswith(ending)]

    def page(self, project: str) -> bytes:
        """The project's page; PyPI's fields, without core metadata unless that is offered."""
        entries = [
            {
                "filename": built.filename,
                "url": f"/packages/{built.filename}",
                "hashes": {"sha256": built.sha256} if self.states_hashes else {},
                **({"size": len(built.data)} if self.states_sizes else {}),
                "upload-time": self.uploaded.get(built.filename, "2024-05-06T07:08:09.000001Z"),
                "requires-python": ">=3.8",
                "yanked": self.yanked.get(built.filename, False),
                "core-metadata": self._offer(built),
                "provenance": self.provenance.get(built.filename),
            }
            for built in self.files[project]
        ]
        page = {"meta": {"api-version": "1.4"}, "name": project, "files": entries}
        return json.dumps({**page, "project-status": self.status.get(project, {"status": "active"})}).encode()

    def _offer(self, built: Built) -> object:
        raw = self.offers_metadata.get(built.filename)
        return False if raw is None else {"sha256": hashlib.sha256(raw).hexdigest()}

    def content(self, filename: str) -> bytes | None:
        """The bytes sent for a file."""
        if filename in self.served_instead:
            return self.served_instead[filename]
        if filename.endswith(".metadata"):
            return self.offers_metadata.get(filename.removesuffix(".metadata"))
        held = [built.data for listed in self.files.values() for built in listed if built.filename == filename]
        return held[0] if held else None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    index: FakeUpstream

    def do_GET(self) -> None:
        index = self.index
        index.requests.append((self.path, self.headers.get("Range", "")))
        index.logins.append(self.headers.get("Authorization", ""))
        if index.silent:
            self._hang()
            return
        if index.down or index.busy:
            self._answer(index.busy.pop(0) if index.busy else 503, b"down", "text/plain")
            return
        if index.login is not None and self.headers.get("Authorization") != index.login:
            self._answer(401, b"who?", "text/plain")
            return
        if self._instead():
            return
        project = self.path.removeprefix("/simple/").rstrip("/")
        if self.path.startswith("/simple/") and project in index.files:
            self._page(index.page(project))
        else:
            self._file(index.content(self.path.rpartition("/")[2]))

    def _instead(self) -> bool:
        for ending, target in self.index.redirects.items():
            if self.path.endswith(ending):
                self._answer(302, b"", "text/plain", {"Location": target})
                return True
        for ending, (kind, body) in self.index.garbage.items():
            if self.path.endswith(ending):
                self._answer(200, body, kind)
                return True
        return False

    def _page(self, body: bytes) -> None:
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self.index.unchanged.append(self.path)
            self._answer(304, b"", JSON_V1, {"ETag": etag})
        else:
            self._answer(200, body, JSON_V1, {"ETag": etag})

    def _file(self, data: bytes | None) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if data is None:
            self._answer(404, b"not here", "text/plain")
        elif wanted and self.index.honours_ranges:
            first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
            headers = {"Content-Range": f"bytes {first}-{last}/{len(data)}"}
            self._content(206, data[first : last + 1], {**headers, "ETag": _tag(data)})
        else:
            self._content(200, data, {"ETag": _tag(data)})

    def _content(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        stall, cut = (ends.pop(0) if ends else None for ends in (self.index.stalls, self.index.cuts))
        self._head(status, {"Content-Type": "application/octet-stream", "Content-Length": str(len(data)), **headers})
        sent = memoryview(data)[: cut if stall is None else stall]
        for start in range(0, len(sent), _MEGABYTE):
            if self.index.pace:
                time.sleep(self.index.pace)
            self.wfile.write(sent[start : start + _MEGABYTE])
        if stall is not None:
            self._hang()
        if cut is not None:
            self.close_connection = True

    def _hang(self) -> None:
        """Say no more until the test is over."""
        self.index.heard.wait()
        self.close_connection = True

    def _answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self._head(status, {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})})
        self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the signature of the base class)
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away: some tests kill them."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _tag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


@contextmanager
def serving_upstream() -> Iterator[FakeUpstream]:
    """An empty index that listens on a free loopback port."""
    index = FakeUpstream()
    handler = type("Handler", (_Handler,), {"index": index})
    with _Server(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        index.url = f"http://127.0.0.1:{server.server_address[1]}/simple/"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield index
        finally:
            index.heard.set()
            server.shutdown()
            thread.join()
