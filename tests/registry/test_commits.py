"""A commit by any process is seen by all of them as soon as it is made, without asking the catalogue each time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from wheelyard_registry.catalogue.commits import Commits
from wheelyard_registry.catalogue.database import UNCOUNTED, Database, Version

NOTE = "INSERT INTO upstream_learnt (project, serial) VALUES (:name, :serial)"

_WRITER = """
import sys
import sqlalchemy as sa
from wheelyard_registry.catalogue.database import Database

database = Database(sys.argv[1])
for line in sys.stdin:
    with database.write() as connection:
        connection.execute(sa.text(sys.argv[2]), {"name": f"other-{line.strip()}", "serial": int(line)})
    print(line, end="", flush=True)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "catalogue.sqlite3"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{file}")) as database:
        database.migrate()
        yield database


def learnt(database: Database) -> int:
    version = database.version()
    assert version is not None
    return version.learnt


def learn(database: Database, serial: int) -> None:
    with database.write() as connection:
        connection.execute(sa.text(NOTE), {"name": f"project-{serial}", "serial": serial})


def test_every_commit_of_another_process_is_seen_once_it_is_made(database: Database, file: Path) -> None:
    command = [sys.executable, "-c", _WRITER, f"sqlite:///{file}", NOTE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for serial in range(1, 101):
            writer.stdin.write(f"{serial}\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == f"{serial}\n"
            assert learnt(database) == serial
        writer.stdin.close()


def test_every_thread_sees_each_commit_once_it_is_made(database: Database) -> None:
    with ThreadPoolExecutor(8) as threads:
        for serial in range(1, 51):
            learn(database, serial)
            assert set(threads.map(learnt, [database] * 16)) == {serial}


def test_a_writer_that_ended_while_it_committed_hides_nothing(database: Database, file: Path) -> None:
    commits = Commits(file)
    learn(database, 1)
    assert learnt(database) == 1
    commits.begin()
    with closing(sqlite3.connect(file)) as dying, dying:
        dying.execute("INSERT INTO upstream_learnt (project, serial) VALUES ('other', 2)")
    assert commits.settled is None
    assert learnt(database) == 2
    learn(database, 3)
    assert commits.settled is not None
    assert learnt(database) == 3


def test_what_a_foreign_tool_commits_is_seen_a_little_later(database: Database, file: Path) -> None:
    assert learnt(database) == 0
    with closing(sqlite3.connect(file)) as tool, tool:
        tool.execute("INSERT INTO upstream_learnt (project, serial) VALUES ('other', 1)")
    time.sleep(UNCOUNTED)
    assert learnt(database) == 1


def test_a_transaction_that_fails_is_no_commit(database: Database, file: Path) -> None:
    commits = Commits(file)
    before = commits.settled
    with pytest.raises(ZeroDivisionError), database.write():
        raise ZeroDivisionError
    assert commits.settled == before is not None


def test_who_is_late_may_still_write_and_read_a_catalogue_that_was_closed(database: Database) -> None:
    """Transfers under way are ended after the rest of the server."""
    database.close()
    learn(database, 1)
    assert learnt(database) == 1


def test_a_commit_is_over_only_with_the_newest(file: Path) -> None:
    """The lock is free for the next writer before the last one has said that it is done."""
    one, other = Commits(file), Commits(file)
    first, second = one.begin(), other.begin()
    one.end(first)
    assert one.settled is other.settled is None
    other.end(second)
    one.end(first)
    assert one.settled == other.settled == second


def test_a_catalogue_in_no_directory_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(sa.exc.DatabaseError, match="No such file"):
        Database(f"sqlite:///{tmp_path / 'nowhere' / 'catalogue.sqlite3'}")


def test_a_database_that_nobody_wrote_to_has_a_version(database: Database) -> None:
    assert database.version() == Version(0, 0)
