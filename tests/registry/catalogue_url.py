"""Where the tests keep their catalogues: SQLite in the data directory, or schemas of a PostgreSQL.

``WHEELYARD_TEST_DATABASE`` names the PostgreSQL; ``make test-postgres`` sets it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from wheelyard_registry.settings import Settings

VARIABLE = "WHEELYARD_TEST_DATABASE"
_OWN = f"wheelyard_test_{os.getpid()}_"


def with_test_catalogue(settings: Settings) -> Settings:
    """The same settings, the catalogue where this run keeps them."""
    url = catalogue_url(settings.data)
    return settings if url is None or settings.database is not None else replace(settings, database=url)


def catalogue_url(data: Path) -> str | None:
    """The catalogue of a data directory, always the same for the same one; None: SQLite inside of it."""
    server = os.environ.get(VARIABLE)
    if not server:
        return None
    schema = _OWN + hashlib.sha256(str(data).encode()).hexdigest()[:16]
    with _connected(server) as connection:
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        connection.commit()
    return sa.make_url(server).update_query_dict({"options": f"-csearch_path={schema}"}).render_as_string(False)


def drop_test_catalogues() -> None:
    """Remove what this process made."""
    server = os.environ.get(VARIABLE)
    if server:
        with _connected(server) as connection:
            for schema in sa.inspect(connection).get_schema_names():
                if schema.startswith(_OWN):
                    connection.execute(sa.schema.DropSchema(schema, cascade=True))
                    connection.commit()  # each alone: all together need more locks than a server has


@contextmanager
def _connected(server: str) -> Iterator[sa.Connection]:
    engine = sa.create_engine(server)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
