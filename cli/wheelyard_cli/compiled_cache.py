"""Compiled pages and metadata, kept from run to run in the user's cache.

Entries are named by the hash of what they were compiled from, so they never go stale, and they stay with the user who
made them: a snapshot that is handed on carries raw bytes only.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from wheelyard_resolver.reading import Held

_LARGEST = 512 * 1024 * 1024
"""Bytes; a cache beyond that is begun anew."""

_BATCH = 500  # parameters of one query; SQLite allowed 999 for long
_WAIT = 2.0  # seconds for another process; after that this run goes without


class CompiledCache:
    """A :class:`~wheelyard_resolver.reading.Memo` in an SQLite file. One that is of no use costs time, never a run."""

    def __init__(self, path: Path) -> None:
        self.held = Held()
        self._made: dict[str, str] = {}
        self._connection: sqlite3.Connection | None = None
        with self._without_trouble():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > _LARGEST:
                path.unlink()
            self._connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute("CREATE TABLE IF NOT EXISTS compiled (key TEXT PRIMARY KEY, form TEXT NOT NULL)")

    def __enter__(self) -> CompiledCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, keys: Sequence[str]) -> Mapping[str, str]:
        """See :class:`~wheelyard_resolver.reading.Memo`."""
        found = {key: self._made[key] for key in keys if key in self._made}
        with self._without_trouble():
            for start in range(0, len(keys), _BATCH) if self._connection is not None else ():
                part = keys[start : start + _BATCH]
                marks = ",".join("?" * len(part))
                assert self._connection is not None
                query = f"SELECT key, form FROM compiled WHERE key IN ({marks})"  # noqa: S608 (question marks only)
                found.update(self._connection.execute(query, part))
        return found

    def put(self, entries: Mapping[str, str]) -> None:
        """See :class:`~wheelyard_resolver.reading.Memo`. Written when the cache is closed."""
        self._made.update(entries)

    def close(self) -> None:
        """Write what was added, in one transaction."""
        with self._without_trouble():
            if self._connection is not None and self._made:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany("INSERT OR IGNORE INTO compiled VALUES (?, ?)", self._made.items())
                self._connection.execute("COMMIT")
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextlib.contextmanager
    def _without_trouble(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError):
            if self._connection is not None:
                self._connection.close()
            self._connection = None
