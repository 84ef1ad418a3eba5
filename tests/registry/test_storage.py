"""The data directory: what a start does, and what a crash may leave."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.registry import wheels
from tests.registry.catalogue_url import with_test_catalogue
from tests.registry.conftest import Clock, Registry, running

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.errors import CannotServe
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import prepare


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
