"""An index over HTTP that answers from a snapshot of PyPI: the upstream of benchmarks that need no network.

A release whose metadata the snapshot lacks is shown as yanked, so that no resolver asks for it; pages keep their size.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename

from wheelyard_cli.routing import Routing
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_resolver.errors import MissingOffline
from wheelyard_resolver.page import JSON_V1, DistributionFile, parse_page


class RecordedIndex:
    """Pages and metadata by path; ``asked`` are the paths that were asked for and are there."""

    def __init__(self, snapshot: SnapshotFile) -> None:
        self._snapshot = snapshot
        self._metadata: dict[str, DistributionFile] = {}
        self.asked: set[str] = set()

    def answer(self, path: str) -> tuple[bytes, str] | None:
        """The body and its type; None: there is nothing."""
        found = None
        if path.startswith("/simple/"):
            found = self._page(canonicalize_name(path.removeprefix("/simple/").strip("/")))
        elif path in self._metadata:
            body = self._snapshot.metadata([self._metadata[path]])[self._metadata[path].url]
            found = None if body is None else (body, "application/octet-stream")
        if found is not None:
            self.asked.add(path)
        return found

    def _page(self, project: NormalizedName) -> tuple[bytes, str] | None:
        try:
            raw = self._snapshot.pages([project])[project]
        except MissingOffline:
            return None
        if raw is None:
            return None
        files = parse_page(project, raw).files
        digests = self._snapshot.metadata_digests(files)
        known = {_release(file.filename): file for file in files if digests.get(file.url)}
        entries = []
        for file in files:
            holder, place = known.get(_release(file.filename)), f"/files/{project}/{file.filename}"
            entry: dict[str, object] = {
                "filename": file.filename,
                "url": f"../..{place}",
                "hashes": {"sha256": file.sha256} if file.sha256 else {},
                "requires-python": file.requires_python,
                "yanked": "its metadata was not recorded",
            }
            if file.size is not None:
                entry["size"] = file.size
            if file.upload_time is not None:
                entry["upload-time"] = file.upload_time.isoformat()
            if holder is not None:
                # The wheels of a release say the same, as resolvers take for granted.
                self._metadata[f"{place}.metadata"] = holder
                entry |= {"yanked": False, "core-metadata": {"sha256": digests[holder.url]}}
            entries.append(entry)
        page = {"meta": {"api-version": "1.0"}, "name": project, "files": entries}
        return json.dumps(page).encode(), JSON_V1


def _release(filename: str) -> str | None:
    try:
        return str(parse_wheel_filename(filename)[1])
    except InvalidWheelFilename:
        return None


@contextmanager
def recorded_index(snapshot: Path) -> Iterator[tuple[str, RecordedIndex]]:
    """The snapshot served on a free port: where, and what answers."""
    ready, started = threading.Event(), []

    def serve() -> None:
        # SQLite's connections stay in the thread that opened them.
        with SnapshotFile(snapshot, None, Routing()) as opened:
            index = RecordedIndex(opened)
            with _Server(("127.0.0.1", 0), _handler(index)) as server:
                started.append((server, index))
                ready.set()
                server.serve_forever()

    thread = threading.Thread(target=serve)
    thread.start()
    ready.wait()
    server, index = started[0]
    try:
        yield f"http://127.0.0.1:{server.server_port}", index
    finally:
        server.shutdown()
        thread.join()


class _Server(HTTPServer):
    request_queue_size = 128  # resolvers ask for fifty things at once


def _handler(index: RecordedIndex) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = index.answer(unquote(self.path))
            if found is None:
                self.send_error(404)
                return
            body, kind = found
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
