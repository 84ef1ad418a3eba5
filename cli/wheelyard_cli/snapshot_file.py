"""A snapshot in one file: every page and METADATA seen, to answer again from, with or without the network.

The file is SQLite. Bodies are kept once, compressed, under their sha256, and checked against it when read. It only
grows, a batch at a time and each batch in one transaction: a process that is killed leaves the batches before, and
others may read meanwhile. SQLite's rollback journal rather than its write-ahead log: between batches the snapshot is
one file, which can be copied and committed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from packaging.utils import NormalizedName

from wheelyard_cli.routing import Routing, without_credentials
from wheelyard_resolver.errors import InputError, MissingOffline
from wheelyard_resolver.index import Index
from wheelyard_resolver.page import DistributionFile, RawPage
from wheelyard_resolver.snapshot import described_digest

APPLICATION_ID = 0x57485944  # "WHYD", where SQLite lets a file say whose it is
SCHEMA_VERSION = 1

_MAGIC = b"SQLite format 3\0"
_LOCK_SECONDS = 60.0
_SCHEMA = """
CREATE TABLE blob (sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, zlib BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE page (
    index_url TEXT NOT NULL, project TEXT NOT NULL, recorded TEXT NOT NULL,
    url TEXT, content_type TEXT, sha256 TEXT REFERENCES blob,  -- all three NULL: the index has no such project
    PRIMARY KEY (index_url, project)
) WITHOUT ROWID;
CREATE TABLE metadata (
    url TEXT PRIMARY KEY, recorded TEXT NOT NULL,
    sha256 TEXT REFERENCES blob  -- NULL: the wheel holds no readable METADATA
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class SnapshotInfo:
    """What a snapshot file holds. ``size`` is that of the file, ``content_size`` that of the bodies uncompressed.

    ``digest`` covers all of the content and nothing else: two files with the same records have the same.
    """

    path: Path
    size: int
    content_size: int
    pages: int
    absent_pages: int
    metadata: int
    unreadable_metadata: int
    oldest: dt.datetime | None
    newest: dt.datetime | None
    digest: str


def make_tables(connection: sqlite3.Connection) -> None:
    """Make an empty database a snapshot that holds nothing; leave any other as it is."""
    if connection.execute("PRAGMA user_version").fetchone() == (0,):
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc)


class SnapshotFile:
    """An :class:`~wheelyard_resolver.index.Index` that answers from a file, and from ``inner`` what is missing there.

    Without ``inner`` it is offline: what is missing raises :class:`MissingOffline`. A file that does not exist, or is
    empty, is a snapshot that holds nothing yet; it is made when there is something to put in.
    """

    def __init__(
        self, path: Path, inner: Index | None, routing: Routing, *, clock: Callable[[], dt.datetime] = _now
    ) -> None:
        self._path = path
        self._inner = inner
        self._routing = routing
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        if not path.parent.is_dir():
            raise InputError(f"{path} cannot be written: there is no directory {path.parent}", hint="make it first")
        if inner is None and not path.exists():
            raise InputError(f"there is no snapshot {path}", hint="run once without --offline to make it")
        if path.exists():
            self._open_existing()

    def __enter__(self) -> SnapshotFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See :class:`~wheelyard_resolver.index.Index`."""
        with self._trouble("read"):
            held = self._held_pages(self._connection, projects)
        missing = [project for project in dict.fromkeys(projects) if project not in held]
        if missing:
            held |= self._beyond([f"the page of {project}" for project in missing]).pages(missing)
            with self._writing() as connection:
                for project in missing:
                    if not self._keep_page(connection, project, held[project]):
                        held[project] = self._held_pages(connection, [project])[project]
        return {project: held[project] for project in projects}

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See :class:`~wheelyard_resolver.index.Index`."""
        with self._trouble("read"):
            held = self._held_metadata(self._connection, [file.url for file in files])
        missing = list({file.url: file for file in files if file.url not in held}.values())
        if missing:
            held |= self._beyond([f"the METADATA of {file.filename}" for file in missing]).metadata(missing)
            with self._writing() as connection:
                for file in missing:
                    if not self._keep_metadata(connection, file.url, held[file.url]):
                        held |= self._held_metadata(connection, [file.url])
        return {file.url: held[file.url] for file in files}

    def page_digests(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, str | None]:
        """See :class:`~wheelyard_resolver.index.DigestIndex`."""
        query = "SELECT url, content_type, sha256 FROM page WHERE index_url = ? AND project = ?"
        found: dict[NormalizedName, str | None] = {}
        with self._trouble("read"):
            for project in projects if self._connection is not None else ():
                assert self._connection is not None
                row = self._connection.execute(query, (self._index_of(project), project)).fetchone()
                if row is not None:
                    found[project] = None if row[2] is None else described_digest(*row)
        return found

    def metadata_digests(self, files: Sequence[DistributionFile]) -> Mapping[str, str | None]:
        """See :class:`~wheelyard_resolver.index.DigestIndex`."""
        found: dict[str, str | None] = {}
        with self._trouble("read"):
            for file in files if self._connection is not None else ():
                assert self._connection is not None
                row = self._connection.execute("SELECT sha256 FROM metadata WHERE url = ?", (file.url,)).fetchone()
                if row is not None:
                    found[file.url] = row[0]
        return found

    def info(self) -> SnapshotInfo:
        """What the file holds."""
        with self._trouble("read"):
            return _info(self._path, self._connection)

    def _index_of(self, project: NormalizedName) -> str:
        return without_credentials(self._routing.index_of(project))

    def _beyond(self, missing: Sequence[str]) -> Index:
        if self._inner is None:
            others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise MissingOffline(what=f"{missing[0]}{others}", snapshot=str(self._path))
        return self._inner

    def _open_existing(self) -> None:
        with self._trouble("read"):
            with self._path.open("rb") as stream:
                head = stream.read(len(_MAGIC))
            if not head:
                return
            if head != _MAGIC:
                raise self._not_a_snapshot()
            self._connection = self._connect("rw")
            owner, version, pages = (
                self._connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version", "page_count")
            )
        if pages == 0:  # whoever made it was killed before the first batch was in
            self.close()
            return
        if owner != APPLICATION_ID:
            self.close()
            raise self._not_a_snapshot()
        if version != SCHEMA_VERSION:
            self.close()
            raise InputError(
                f"the snapshot {self._path} has version {version} of the format, this wheelyard reads {SCHEMA_VERSION}",
                hint="use the wheelyard that made it, or name a new file",
            )

    def _not_a_snapshot(self) -> InputError:
        return InputError(f"{self._path} is not a snapshot", hint="name a snapshot, or a file that does not exist yet")

    def _connect(self, mode: str) -> sqlite3.Connection:
        # "rw" falls back to reading where the file is write-protected; it repairs the file after a kill where not.
        address = f"{self._path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(address, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is kept, or nothing."""
        with self._trouble("written"):
            if self._connection is None:
                self._connection = self._connect("rwc")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                # Within the transaction of the first batch: whoever sees the tables sees the mark and a batch too.
                make_tables(self._connection)
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # SQLite ends it itself when the disk is full
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _trouble(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            raise InputError(
                f"the snapshot {self._path} cannot be {doing}: {error}",
                hint="check that it is a snapshot, whole, and yours to read and write",
            ) from error

    def _keep_page(self, connection: sqlite3.Connection, project: NormalizedName, page: RawPage | None) -> bool:
        """Add a page; False where another process has recorded one meanwhile: what the file holds is the answer."""
        seen = (None, None, None) if page is None else (page.url, page.content_type, _keep(connection, page.body))
        row = (self._index_of(project), project, self._clock().isoformat(), *seen)
        return connection.execute("INSERT OR IGNORE INTO page VALUES (?, ?, ?, ?, ?, ?)", row).rowcount == 1

    def _keep_metadata(self, connection: sqlite3.Connection, url: str, content: bytes | None) -> bool:
        digest = None if content is None else _keep(connection, content)
        row = (url, self._clock().isoformat(), digest)
        return connection.execute("INSERT OR IGNORE INTO metadata VALUES (?, ?, ?)", row).rowcount == 1

    def _held_pages(
        self, connection: sqlite3.Connection | None, projects: Sequence[NormalizedName]
    ) -> dict[NormalizedName, RawPage | None]:
        query = "SELECT url, content_type, sha256 FROM page WHERE index_url = ? AND project = ?"
        held: dict[NormalizedName, RawPage | None] = {}
        for project in projects if connection is not None else ():
            assert connection is not None
            row = connection.execute(query, (self._index_of(project), project)).fetchone()
            if row is not None:
                held[project] = None if row[2] is None else RawPage(row[0], row[1], self._body(connection, row[2]))
        return held

    def _held_metadata(self, connection: sqlite3.Connection | None, urls: Sequence[str]) -> dict[str, bytes | None]:
        held: dict[str, bytes | None] = {}
        for url in urls if connection is not None else ():
            assert connection is not None
            row = connection.execute("SELECT sha256 FROM metadata WHERE url = ?", (url,)).fetchone()
            if row is not None:
                held[url] = None if row[0] is None else self._body(connection, row[0])
        return held

    def _body(self, connection: sqlite3.Connection, digest: str) -> bytes:
        row = connection.execute("SELECT zlib FROM blob WHERE sha256 = ?", (digest,)).fetchone()
        with contextlib.suppress(zlib.error):
            body = zlib.decompress(row[0]) if row is not None else b""
            if hashlib.sha256(body).hexdigest() == digest:
                return body
        raise InputError(f"the snapshot {self._path} is damaged: {digest} is not what it was", hint="make it anew")


def _keep(connection: sqlite3.Connection, body: bytes) -> str:
    digest = hashlib.sha256(body).hexdigest()
    if connection.execute("SELECT 1 FROM blob WHERE sha256 = ?", (digest,)).fetchone() is None:
        connection.execute("INSERT INTO blob VALUES (?, ?, ?)", (digest, len(body), zlib.compress(body)))
    return digest


def _info(path: Path, connection: sqlite3.Connection | None) -> SnapshotInfo:
    pages = _rows(connection, "SELECT index_url, project, url, content_type, sha256 FROM page ORDER BY 1, 2")
    metadata = _rows(connection, "SELECT url, sha256 FROM metadata ORDER BY 1")
    sizes = _rows(connection, "SELECT size FROM blob")
    times = _rows(connection, "SELECT recorded FROM page UNION SELECT recorded FROM metadata")
    recorded = sorted(dt.datetime.fromisoformat(time) for (time,) in times)
    # JSON, because a content type may hold any character that could stand between two fields.
    content = json.dumps([pages, metadata], separators=(",", ":"))
    return SnapshotInfo(
        path=path,
        size=path.stat().st_size if path.exists() else 0,
        content_size=sum(size for (size,) in sizes),
        pages=sum(row[4] is not None for row in pages),
        absent_pages=sum(row[4] is None for row in pages),
        metadata=sum(row[1] is not None for row in metadata),
        unreadable_metadata=sum(row[1] is None for row in metadata),
        oldest=recorded[0] if recorded else None,
        newest=recorded[-1] if recorded else None,
        digest="sha256:" + hashlib.sha256(content.encode()).hexdigest(),
    )


def _rows(connection: sqlite3.Connection | None, query: str) -> list[tuple[Any, ...]]:
    return [] if connection is None else connection.execute(query).fetchall()
