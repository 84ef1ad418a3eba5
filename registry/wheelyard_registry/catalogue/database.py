"""Opening the catalogue, and its transactions."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue.commits import Commits

Clock = Callable[[], dt.datetime]


class Version(NamedTuple):
    """What is committed: the serials of the newest event, and of what was learnt last of any upstream project.

    Whatever changes a private project, or somebody's rights, is an event. That a token was used is neither.
    """

    event: int
    learnt: int


def utc_now() -> dt.datetime:
    """The time, aware, in UTC."""
    return dt.datetime.now(dt.timezone.utc)


class Database:
    """An engine with two kinds of transaction: ``read``, and ``write``, which are serialised.

    Serials are given out in commit order because writers queue: SQLite by ``BEGIN IMMEDIATE``, PostgreSQL by an
    advisory lock. The writers of one process also queue here, where they are woken at once: SQLite alone would let them
    sleep and try again. A reader that has seen serial *n* therefore never finds a smaller one later.
    """

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)
        self._queue = threading.Lock()
        self._writer = self.engine.execution_options(wheelyard_write=True)
        file = self.engine.url.database if self.engine.dialect.name == "sqlite" else None
        self._commits = _commits(Path(file)) if file else None
        self._watch = _Watch(self.engine, self._commits) if self._commits else None

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A consistent view."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that commits at the end of the block, or leaves no trace if the block raises."""
        with self._queue:
            with self._writer.begin() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                yield connection
                number = self._commits.begin() if self._commits else 0
            if self._commits:
                self._commits.end(number)

    def version(self) -> Version | None:
        """The version of all that is committed, by whatever process; None where it cannot be told without waiting."""
        try:
            return None if self._watch is None else self._watch.version()
        except (sa.exc.SQLAlchemyError, sqlite3.Error):
            return None

    def learnt_of(self, project: NormalizedName) -> int:
        """The serial of what was learnt last of a project upstream, as of when the version was asked for last."""
        return 0 if self._watch is None else self._watch.learnt.get(project, 0)

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema up to a revision, the newest by default; one process at a time, others wait."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "wheelyard_registry.catalogue:migrations")
        config.set_main_option("path_separator", "os")
        with self.write() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def close(self) -> None:
        """Give all connections back."""
        if self._watch is not None:
            self._watch.close()
        self.engine.dispose()


class _Watch:
    """Sees commits to an SQLite file through a connection of its own, which never writes: its ``data_version`` changes
    with every commit of any other connection, and reading that takes microseconds and no lock that a writer minds.

    Where the counted commits are as they were before it looked last, it need not look. Any thread may ask: they look
    one after the other, and set what they saw before the number that spares others the look.
    """

    def __init__(self, engine: sa.Engine, commits: Commits) -> None:
        self._engine = engine
        self._commits = commits
        self._looking = threading.Lock()
        self._connection: sa.PoolProxiedConnection | None = None
        self._settled: int | None = None
        self._looks_again = 0.0
        self._commit = -1
        self._seen = Version(-1, 0)
        self.learnt: dict[str, int] = {}

    def version(self) -> Version:
        settled, now = self._commits.settled, time.monotonic()
        if settled is None or settled != self._settled or now >= self._looks_again:
            with self._looking:
                self._look()
                self._settled, self._looks_again = settled, now + UNCOUNTED
        return self._seen

    def _look(self) -> None:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
            self._connection.detach()  # it counts for no limit of the pool
            self._cursor = self._connection.cursor()
        commit = self._number("PRAGMA data_version")
        if commit != self._commit:
            event = self._number("SELECT coalesce(max(serial), 0) FROM event")
            seen = self._seen.learnt
            self._cursor.execute("SELECT project, serial FROM upstream_learnt WHERE serial > ?", (seen,))
            news = dict(self._cursor.fetchall())
            self.learnt.update(news)
            self._seen = Version(event, max(news.values(), default=seen))
            self._commit = commit

    def _number(self, statement: str) -> int:
        self._cursor.execute(statement)
        row = self._cursor.fetchone()
        assert row is not None
        return int(row[0])

    def close(self) -> None:
        with self._looking:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _commits(catalogue: Path) -> Commits:
    """The commits to a catalogue; that they cannot be counted is worded as SQLite's own failure to open it is."""
    try:
        return Commits(catalogue)
    except OSError as error:
        raise sa.exc.OperationalError("open", None, error) from error


# Any constant does, as long as every replica uses the same: it is the key of the writers' queue in PostgreSQL.
_LOCK = 0x77686C79

UNCOUNTED = 0.05
"""Seconds after which a commit is seen of which no number tells: by a tool that is not ours."""


def _prepare_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def _connect(connection: object, _: object) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # transactions are begun below
        cursor = connection.cursor()  # type: ignore[attr-defined]
        # synchronous=FULL: an acknowledged upload survives a power cut.
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A deferred transaction that reads, then writes, fails at once when another has written in between:
        # busy_timeout does not help there. A writer therefore takes the lock first.
        writes = connection.get_execution_options().get("wheelyard_write", False)
        # The driver is spoken to directly: SQLAlchemy's way costs more than the statement, twice an upload.
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
