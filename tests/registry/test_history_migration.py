"""A catalogue of before the index of the past was kept: what its past looks like afterwards."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.registry import wheels
from tests.registry.catalogue_url import with_test_catalogue
from tests.registry.conftest import Clock, Registry, running
from tests.registry.wheels import Built

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.settings import Settings
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_resolver.page import JSON_V1

INDEX = "http://127.0.0.1:9/simple/"
ONE, TWO, IMPORTED = (wheels.wheel(version=version) for version in ("1.0", "2.0", "0.5"))
OLD, NEW = wheels.wheel("six", "1.0"), wheels.wheel("six", "2.0")


def day(number: int) -> dt.datetime:
    return dt.datetime(2026, 11, number, tzinfo=dt.timezone.utc)


def insert(connection: sa.Connection, table: str, rows: Sequence[dict[str, object]]) -> None:
    """Rows for the columns that the table had then."""
    known = tables.metadata.tables[table]
    columns = [sa.column(name, known.c[name].type) for name in rows[0]]
    connection.execute(sa.insert(sa.table(table, *columns)), list(rows))


def event(serial: int, at: dt.datetime, kind: str, subject: str, **facts: object) -> dict[str, object]:
    return {"serial": serial, "at": at, "kind": kind, "subject": subject, "facts": facts, "by": "t", "link": "x"}


def file(built: Built, version: str, uploaded: dt.datetime, serial: int, **more: object) -> dict[str, object]:
    return {
        "filename": built.filename,
        "identity": built.filename,
        "project": "demand-model",
        "version": version,
        "sha256": built.sha256,
        "size": len(built.data),
        "uploaded_at": uploaded,
        "uploaded_by": "t",
        "serial": serial,
        "yanked": None,
        **more,
    }


def fill(connection: sa.Connection) -> None:
    """Uploaded on the 2nd and 3rd, yanked on the 4th, deleted on the 5th, an old file imported on the 6th."""
    long_ago = dt.datetime(2019, 1, 1, tzinfo=dt.timezone.utc)
    project = {"name": "demand-model", "serial": 7, "created_at": day(2), "status": "active", "overlay": False}
    insert(connection, "project", [project])
    history = [
        event(1, day(1), "token-created", "t"),
        event(2, day(2), "file-added", ONE.filename),
        event(3, day(3), "file-added", TWO.filename),
        event(4, day(4), "yanked", "demand-model 1.0", files=[ONE.filename], reason="bad"),
        event(5, day(5), "deleted", TWO.filename, files=[TWO.filename], reason=None),
        event(6, day(6), "token-created", "u"),
        event(7, long_ago, "file-added", IMPORTED.filename),
    ]
    insert(connection, "event", history)
    insert(connection, "file", [file(ONE, "1.0", day(2), 2, yanked="bad"), file(IMPORTED, "0.5", long_ago, 7)])
    gone = {"identity": TWO.filename, "filename": TWO.filename, "project": "demand-model", "version": "2.0"}
    insert(connection, "tombstone", [{**gone, "sha256": TWO.sha256, "deleted_at": day(5)}])
    upstream(connection)


def upstream(connection: sa.Connection) -> None:
    """A page whose files were seen on the 2nd and the 7th."""
    files = [
        {"filename": built.filename, "url": f"/packages/{built.filename}", "hashes": {"sha256": built.sha256}}
        for built in (OLD, NEW)
    ]
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "six", "files": files}).encode()
    url = f"{INDEX}six/"
    page = {"index": INDEX, "project": "six", "found": True, "url": url, "content_type": JSON_V1, "body": body}
    absent = {**page, "project": "nobody", "found": False, "body": b""}
    insert(connection, "upstream_page", [{**row, "checked_at": day(8)} for row in (page, absent)])
    seen = [
        {"source": built.filename, "project": "six", "filename": built.filename, "first_seen_at": at}
        for built, at in ((OLD, day(2)), (NEW, day(7)))
    ]
    insert(connection, "upstream_file", seen)


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Registry]:
    settings = Settings(data=tmp_path, upstreams=(UpstreamIndex.at(INDEX),), offline=True, anonymous_read=True)
    database = Database(with_test_catalogue(settings).database_url)
    database.migrate("0012")
    with database.write() as connection:
        fill(connection)
    database.close()
    with running(settings, Clock()) as registry:
        yield registry


def shown(registry: Registry, at: int, project: str = "demand-model") -> dict[str, object] | int:
    answer = registry.client.get(f"/as-of/2026-11-{at:02}T01:00:00Z/simple/{project}/", headers={"Accept": JSON_V1})
    if answer.status_code != 200:
        return answer.status_code
    return {file["filename"]: file["yanked"] for file in answer.json()["files"]}


def test_the_log_tells_the_past_of_private_files(upgraded: Registry) -> None:
    assert [shown(upgraded, at) for at in range(1, 7)] == [
        404,
        {ONE.filename: False},
        {ONE.filename: False, TWO.filename: False},
        {ONE.filename: "bad", TWO.filename: False},
        {ONE.filename: "bad"},
        {ONE.filename: "bad", IMPORTED.filename: False},
    ]


def test_a_deleted_file_has_no_size_that_is_known(upgraded: Registry) -> None:
    page = upgraded.client.get("/as-of/2026-11-04/simple/demand-model/", headers={"Accept": JSON_V1}).json()
    assert page["meta"]["api-version"] == "1.0", "from 1.1 on a size is a must"
    assert [("size" in file, file["upload-time"]) for file in page["files"]] == [
        (True, "2026-11-02T00:00:00.000000Z"),
        (False, "2026-11-03T00:00:00.000000Z"),
    ]


def test_upstream_files_were_there_from_when_they_were_seen(upgraded: Registry) -> None:
    assert [shown(upgraded, at, "six") for at in (1, 2, 6, 7)] == [
        404,
        {OLD.filename: False},
        {OLD.filename: False},
        {OLD.filename: False, NEW.filename: False},
    ]
    assert shown(upgraded, 9, "nobody") == 404
