"""The data directory: what a start does, and what a crash may leave."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.registry import wheels
from tests.registry.catalogue_url import with_test_catalogue
from tests.registry.conftest import Clock, Registry, running

from wheelyard_registry.blobs import BlobStore, Staged
from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.lifecycle import Lifecycle
from wheelyard_registry.errors import CannotServe
from wheelyard_registry.file_errors import ContentGone
from wheelyard_registry.identity import Grant, Identity, Right
from wheelyard_registry.ingest import Claims, Ingest, Sender
from wheelyard_registry.leftovers import ABANDONED_AFTER, Leftovers
from wheelyard_registry.origin import Origin
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import open_blobs, prepare


def test_the_first_start_alone_makes_a_token(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    first, second = prepare(settings, Clock()), prepare(settings, Clock())
    with first.lock, second.lock:
        assert first.first_token is not None
        assert second.first_token is None
        assert first.first_token.secret not in repr(first)


def test_a_start_sweeps_what_a_crash_left(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, upstreams=())
    with running(settings, Clock()) as registry:
        registry.upload(wheels.wheel())
        wanted = registry.stored_files()
    settings.staging.joinpath("abc.part").write_bytes(b"half")
    orphan = settings.blobs / "ab" / ("ab" + "0" * 62)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"no row names this")
    with running(settings, Clock()) as registry:
        assert registry.stored_files() == wanted


def age(path: Path, clock: Clock) -> Path:
    """The same file, as if it was written to last two days ago."""
    then = (clock() - dt.timedelta(days=2)).timestamp()
    os.utime(path, (then, then))
    return path


def leave(registry: Registry, data: bytes) -> tuple[Path, Path]:
    """What a crash may leave: a staging file, and a blob that nothing names."""
    staged, digest = registry.settings.staging / f"{data.hex()}.part", hashlib.sha256(data).hexdigest()
    orphan = registry.settings.blobs / digest[:2] / digest
    staged.write_bytes(data)
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(data)
    return staged, orphan


def sweeper(registry: Registry) -> tuple[Leftovers, Database]:
    """What a registry sweeps with."""
    database = Database(registry.settings.database_url)
    return Leftovers(open_blobs(registry.settings), Files(database), Lifecycle(database)), database


def test_of_what_lies_about_while_others_work_only_the_old_is_swept(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    (listed,) = (age(path, registry.clock) for path in registry.stored_files())
    left = [age(path, registry.clock) for path in leave(registry, b"old")]
    under_way = leave(registry, b"new")
    leftovers, database = sweeper(registry)
    assert leftovers.sweep(registry.clock() - ABANDONED_AFTER) == len(left)
    assert leftovers.sweep(registry.clock() - ABANDONED_AFTER) == 0
    database.close()
    assert registry.stored_files() == sorted([listed, *under_way])


def test_a_registry_sweeps_while_it_serves(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, upstreams=(), sweep_interval=dt.timedelta(milliseconds=10))
    with running(settings, Clock()) as registry:
        staged, orphan = (age(path, registry.clock) for path in leave(registry, b"old"))
        for _ in range(1000):
            if not staged.exists() and not orphan.exists():
                break
            registry.client.get("/readyz")
        assert registry.stored_files() == []


def test_an_upload_whose_bytes_are_swept_at_this_moment_is_asked_to_come_again(registry: Registry) -> None:
    built = wheels.wheel()
    leftovers, database = sweeper(registry)

    class SweptAtOnce(BlobStore):
        def keep(self, staged: Staged) -> str:
            sha256 = super().keep(staged)
            leftovers.sweep()
            return sha256

    settings, sender = registry.settings, Sender(Identity("test", (Grant(frozenset({Right.ADMIN})),)))
    blobs = SweptAtOnce(settings.blobs, settings.staging)
    ingest = Ingest(Files(database), blobs, Origin((), ()), registry.clock)
    with blobs.stage() as staged:
        staged.write(built.data)
        staged.flush()
        with pytest.raises(ContentGone):
            ingest.take(built.filename, staged, Claims(), sender=sender)
    database.close()
    assert registry.stored_files() == []
    assert registry.upload(built).status_code == 200
    assert registry.only_file("demand-model")["hashes"] == {"sha256": built.sha256}


def test_another_catalogue_than_that_of_the_files_is_refused_and_nothing_is_swept(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    before = registry.stored_files()
    other = replace(registry.settings, database=f"sqlite:///{registry.settings.data / 'other.sqlite3'}")
    for _ in range(2):
        with pytest.raises(CannotServe, match=r"its catalogue is new, and .* holds files already"):
            prepare(other, registry.clock)
    assert registry.stored_files() == before


def test_nothing_is_swept_while_another_process_works_here(registry: Registry) -> None:
    being_written = registry.settings.staging / "abc.part"
    being_written.write_bytes(b"half")
    with running(registry.settings, registry.clock):
        assert being_written.exists()


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    database = Database(with_test_catalogue(Settings(data=tmp_path)).database_url)
    database.migrate()
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    database.close()


def test_a_directory_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotServe, match=r"data directory .* cannot be used"):
        prepare(Settings(data=tmp_path / "file" / "data"), Clock())


def test_a_database_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite3").write_bytes(b"not a database at all, but long enough to look at" * 100)
    with pytest.raises(CannotServe, match="catalogue cannot be opened"):
        prepare(Settings(data=tmp_path), Clock())


@pytest.mark.parametrize("url", ["nonsense", "nonsense://host/name", "mysql+pymysql://host/name"])
def test_a_database_that_cannot_be_spoken_to_is_said(tmp_path: Path, url: str) -> None:
    with pytest.raises(CannotServe, match="catalogue cannot be reached"):
        prepare(Settings(data=tmp_path, database=url), Clock())


def test_every_change_is_in_the_event_log_in_order(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    registry.upload(wheels.wheel())
    registry.upload(wheels.wheel(version="1.5.0"))
    database = Database(registry.settings.database_url)
    with database.read() as connection:
        rows = connection.execute(tables.event.select().order_by(tables.event.c.serial)).all()
    database.close()
    assert [(row.serial, row.kind) for row in rows] == [(1, "token-created"), (2, "file-added"), (3, "file-added")]
    assert rows[1].subject == "demand_model-1.4.0-py3-none-any.whl"


def test_a_catalogue_that_breaks_while_serving_is_said_and_nothing_is_stored(registry: Registry) -> None:
    before = registry.stored_files()
    database = Database(registry.settings.database_url)
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE file RENAME TO lost")
    database.close()
    response = registry.upload(wheels.wheel())
    assert (response.status_code, response.json()["code"]) == (503, "catalogue-unavailable")
    assert response.json()["hint"]
    assert registry.stored_files() == before
