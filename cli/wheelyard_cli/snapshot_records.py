"""Single records of a snapshot file: taken over into another one, or read without belief.

Bodies are taken over as they are stored, compressed, and no reading times are kept: the same records of the same
snapshot make the same bytes.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from wheelyard_cli.snapshot_file import APPLICATION_ID, make_tables
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.snapshot import described_digest
from wheelyard_resolver.verify.index_page import Page

_TIMELESS = "1970-01-01T00:00:00+00:00"
_HEAD = b"SQLite format 3\0"
_LARGEST_BODY = 256 << 20  # bytes; the largest pages of PyPI have some 30 million
_OWNER_AT = 68  # where SQLite's header has the application_id


def is_snapshot(path: Path) -> bool:
    """Whether a file is a snapshot of ours."""
    with path.open("rb") as file:
        head = file.read(100)
    return head.startswith(_HEAD) and head[_OWNER_AT : _OWNER_AT + 4] == APPLICATION_ID.to_bytes(4, "big")


def copy_records(source: Path, records: Mapping[str, str], target: Path) -> None:
    """Make ``target`` a snapshot of these records (see :meth:`Recording.records`), all of which ``source`` holds."""
    with _trouble(target), closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # the file is new: it becomes whole, or is thrown away
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("ATTACH ? AS source", (str(source),))
        connection.execute("BEGIN")
        make_tables(connection)
        pages = [row for row in _pages(connection) if records.get(f"page {row[1]}") == _page_hash(*row[2:])]
        listed = connection.execute("SELECT url, sha256 FROM source.metadata ORDER BY url").fetchall()
        metadata = [row for row in listed if records.get(f"metadata {row[0]}") == (row[1] or "absent")]
        for digest in sorted({row[-1] for row in (*pages, *metadata) if row[-1] is not None}):
            connection.execute("INSERT INTO blob SELECT * FROM source.blob WHERE sha256 = ?", (digest,))
        connection.executemany(
            "INSERT INTO page VALUES (?, ?, ?, ?, ?, ?)", [(*r[:2], _TIMELESS, *r[2:]) for r in pages]
        )
        connection.executemany(
            "INSERT INTO metadata VALUES (?, ?, ?)", [(url, _TIMELESS, sha) for url, sha in metadata]
        )
        connection.execute("COMMIT")


def _pages(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
    query = "SELECT index_url, project, url, content_type, sha256 FROM source.page ORDER BY index_url, project"
    return connection.execute(query).fetchall()


def _page_hash(url: str | None, content_type: str | None, sha256: str | None) -> str:
    if url is None or content_type is None or sha256 is None:
        return "absent"
    return described_digest(url, content_type, sha256)


class SnapshotRecords:
    """Implements :class:`~wheelyard_resolver.verify.evidence.Source` from a snapshot file.

    Raises:
        InputError: the file is no snapshot, or damaged.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file() or not is_snapshot(path):
            raise InputError(f"{path} is not a snapshot", hint="name a snapshot with --snapshot")
        self._path = path
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        # A view by the name of a table could run for ever.
        if self._rows("SELECT 1 FROM sqlite_master WHERE type = ?", "view"):
            self._connection.close()
            raise InputError(f"{path} is not a snapshot of ours", hint="name a snapshot with --snapshot")

    def __enter__(self) -> SnapshotRecords:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def pages(self, project: str) -> Iterator[Page | None]:
        """See Source."""
        query = "SELECT url, content_type, zlib FROM page LEFT JOIN blob USING (sha256) WHERE project = ?"
        for url, content_type, body in self._rows(query, project):
            yield None if body is None else Page(url, content_type, self._inflated(body))

    def metadata(self, url: str) -> Iterator[bytes | None]:
        """See Source."""
        query = "SELECT zlib FROM metadata LEFT JOIN blob USING (sha256) WHERE url = ?"
        for (body,) in self._rows(query, url):
            yield None if body is None else self._inflated(body)

    def _rows(self, query: str, key: str) -> list[tuple[Any, ...]]:
        with _trouble(self._path):
            return self._connection.execute(query, (key,)).fetchall()

    def _inflated(self, body: bytes) -> bytes:
        with _trouble(self._path):
            stream = zlib.decompressobj()
            content = stream.decompress(body, _LARGEST_BODY)
            if not stream.eof:
                raise zlib.error("a record is cut off, or larger than any page")
            return content


@contextmanager
def _trouble(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.DatabaseError, zlib.error, TypeError) as error:
        raise InputError(f"the snapshot {path} cannot be used: {error}", hint="make it anew") from error
