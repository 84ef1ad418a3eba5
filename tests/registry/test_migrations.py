"""A catalogue of any older revision, filled, becomes one of today and keeps what it held."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from tests.registry import wheels
from tests.registry.api import call
from tests.registry.catalogue_url import with_test_catalogue
from tests.registry.conftest import Clock, running

from wheelyard_cli.audit_chain import verify
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.credentials import new_token
from wheelyard_registry.distribution import parse_filename
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import open_blobs

THEN = dt.datetime(2025, 3, 1, 12, 30, tzinfo=dt.timezone.utc)
DROPPED = {"upstream_page", "alembic_version"}
"""A cache, which is fetched again; and what Alembic itself keeps."""


def revisions() -> list[str]:
    """All of them but the newest, oldest first."""
    config = Config()
    config.set_main_option("script_location", "wheelyard_registry.catalogue:migrations")
    config.set_main_option("path_separator", "os")
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    return found[:0:-1]


@contextmanager
def catalogue(data: Path, revision: str) -> Iterator[Database]:
    """A catalogue as it was at a revision."""
    with closing(Database(with_test_catalogue(Settings(data=data)).database_url)) as database:
        database.migrate(revision)
        yield database


_VALUES: Mapping[type[Any], Callable[[str], object]] = {
    bool: lambda _: True,
    int: lambda _: 7,
    bytes: lambda name: name.encode(),
    object: lambda name: {"of": name},  # JSON
    dt.datetime: lambda _: THEN,
    str: lambda name: name,
}


def value(column: sa.Column[Any], filled: Mapping[str, Mapping[str, object]]) -> object:
    """Something that the column can hold; of a foreign key, what is there."""
    for key in column.foreign_keys:
        return filled[key.column.table.name][key.column.name]
    made = _VALUES[column.type.python_type](column.name)
    # SQLite has no zones: reflected, its columns take naive times.
    naive = isinstance(column.type, sa.DateTime) and not column.type.timezone
    return made.replace(tzinfo=None) if naive and isinstance(made, dt.datetime) else made


def fill(connection: sa.Connection) -> dict[str, Mapping[str, object]]:
    """One row in each table that there is."""
    found = sa.MetaData()
    found.reflect(connection)
    filled: dict[str, Mapping[str, object]] = {}
    for table in found.sorted_tables:
        if table.name not in DROPPED:
            filled[table.name] = {column.name: value(column, filled) for column in table.columns}
            connection.execute(sa.insert(table).values(**filled[table.name]))
    return filled


def kept(connection: sa.Connection) -> dict[str, Mapping[str, object]]:
    """The rows that :func:`fill` wrote, as they are now."""
    found = sa.MetaData()
    found.reflect(connection)
    tables = [table for table in found.sorted_tables if table.name not in DROPPED]
    return {table.name: dict(row) for table in tables for row in connection.execute(sa.select(table)).mappings()}


@pytest.mark.parametrize("revision", revisions())
def test_what_an_older_catalogue_held_is_there_after_the_upgrade(tmp_path: Path, revision: str) -> None:
    with catalogue(tmp_path, revision) as database:
        with database.write() as connection:
            before = fill(connection)
        database.migrate()
        with database.read() as connection:
            after = kept(connection)
    for name, row in before.items():
        assert {column: after[name][column] for column in row} == row


def test_a_registry_of_the_first_version_serves_on(tmp_path: Path) -> None:
    """Its token writes, its file is served with metadata and can be uploaded again, its log can be verified."""
    settings, built, token = Settings(data=tmp_path / "data", upstreams=()), wheels.wheel(), new_token()
    metadata = wheels.core_metadata("demand_model", "1.4.0")
    settings.data.mkdir()
    open_blobs(settings).add(built.data)
    with catalogue(settings.data, "0001") as database, database.write() as connection:
        found = sa.MetaData()
        found.reflect(connection)

        def insert(table: str, **values: object) -> None:
            zoned = dict.fromkeys(("at", "created_at", "uploaded_at"), THEN)
            times = {name: time for name, time in zoned.items() if name in found.tables[table].columns}
            rows = {name: value(found.tables[table].columns[name], {}) for name in times}
            connection.execute(sa.insert(found.tables[table]).values(**rows, **values))

        insert("token", id=token.id, digest=token.digest, label="first")
        insert("event", serial=1, kind="token-created", subject=token.id, facts={"label": "first"}, by="start")
        insert("event", serial=2, kind="file-added", subject=built.filename, facts={"é": [1, None]}, by="a")
        insert("project", name="demand-model", serial=2)
        insert(
            "file",
            filename=built.filename,
            identity=parse_filename(built.filename).identity,
            project="demand-model",
            version="1.4.0",
            sha256=built.sha256,
            size=len(built.data),
            metadata_sha256=hashlib.sha256(metadata).hexdigest(),
            uploaded_by="a",
            serial=2,
        )
    with running(settings, Clock(), token.text) as registry:
        listed = registry.client.get("/simple/demand-model/", auth=registry.auth)
        assert built.filename in listed.text
        path = f"/files/demand-model/{built.filename}"
        assert registry.client.get(path, auth=registry.auth).content == built.data
        assert registry.client.get(f"{path}.metadata", auth=registry.auth).content == metadata
        assert registry.upload(built).text == "already here, with the same contents\n"
        assert registry.upload(wheels.wheel(version="1.5.0")).text == "stored\n"
        log = call(registry, "GET", "audit")["events"]
        assert verify(log, None).serial == 3
        assert log[1]["facts"] == {"é": [1, None]}
