"""Any index behind a simple API on a loopback port, for clients that only speak HTTP.

Pages are PEP 691 JSON, METADATA is served beside each wheel (PEP 658); wheels themselves are not there.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

from packaging.utils import NormalizedName, canonicalize_name

from wheelyard_resolver.errors import MissingOffline
from wheelyard_resolver.index import Index
from wheelyard_resolver.page import JSON_V1, DistributionFile, ProjectPage, parse_page


@dataclass
class Loopback:
    """Indexes by name, each under its own path. ``missing`` collects what an offline index could not answer."""

    root: str
    indexes: dict[str, Index] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    _files: dict[str, DistributionFile] = field(default_factory=dict)

    def mount(self, name: str, index: Index) -> str:
        """Serve an index; its URL, as pip is given it."""
        self.indexes[name] = index
        return f"{self.root}/{name}/simple/"

    def answer(self, path: str) -> bytes | None:
        """The body of a page or of a METADATA file; None: not there.

        Raises:
            MissingOffline: the index behind cannot say.
        """
        name, _, rest = unquote(path).lstrip("/").partition("/")
        index = self.indexes.get(name)
        kind, _, rest = rest.partition("/")
        if index is None:
            return None
        if kind == "simple":
            return self._page(name, index, canonicalize_name(rest.strip("/")))
        return self._metadata(index, f"{name}/{rest.removesuffix('.metadata')}") if rest.endswith(".metadata") else None

    def _page(self, name: str, index: Index, project: NormalizedName) -> bytes | None:
        raw = index.pages([project])[project]
        if raw is None:
            return None
        page = parse_page(project, raw)
        return json.dumps(_document(page, {file.url: self._address(name, file) for file in page.files})).encode()

    def _address(self, name: str, file: DistributionFile) -> str:
        # Two files of one name may differ by their place: the address holds a hash of the original one.
        key = f"{hashlib.sha256(file.url.encode()).hexdigest()[:16]}/{file.filename}"
        self._files[f"{name}/{key}"] = file
        return f"{self.root}/{name}/files/{quote(key)}"

    def _metadata(self, index: Index, key: str) -> bytes | None:
        file = self._files.get(key)
        return None if file is None else index.metadata([file])[file.url]


def _document(page: ProjectPage, addresses: Mapping[str, str]) -> dict[str, object]:
    return {
        "meta": {"api-version": "1.1"},
        "name": page.project,
        "project-status": {"status": page.status},
        "files": [_entry(file, addresses[file.url]) for file in page.files],
    }


def _entry(file: DistributionFile, address: str) -> dict[str, object]:
    entry: dict[str, object] = {
        "filename": file.filename,
        "url": address,
        "hashes": {"sha256": file.sha256} if file.sha256 else {},
        "yanked": file.yanked or (file.yanked is not None),
        "core-metadata": file.filename.endswith(".whl"),
    }
    if file.requires_python is not None:
        entry["requires-python"] = file.requires_python
    if file.size is not None:
        entry["size"] = file.size
    if file.upload_time is not None:
        entry["upload-time"] = file.upload_time.isoformat().replace("+00:00", "Z")
    return entry


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # clients open many connections at once
    loopback: Loopback


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        status, body = 200, None
        try:
            body = self.server.loopback.answer(self.path.partition("?")[0])
        except MissingOffline as error:
            self.server.loopback.missing.append(str(error))
            status = 503
        if body is None:
            status, body = (404 if status == 200 else status), b""
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if self.path.endswith(".metadata") else JSON_V1)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing: the client's own output is what counts."""


@contextmanager
def loopback() -> Iterator[Loopback]:
    """Serve on a free port until the end of the block."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.loopback = Loopback(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.loopback
        finally:
            server.shutdown()
            thread.join()
