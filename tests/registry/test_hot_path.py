"""What memory answers is what the routes would answer now, to whoever asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from httpx import Response
from packaging.utils import NormalizedName
from starlette.types import Scope
from tests.registry import wheels
from tests.registry.api import call, token
from tests.registry.conftest import Clock, Registry, basic, running
from tests.registry.fake_upstream import FakeUpstream
from tests.registry.wheels import Built, core_metadata

from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.held_answers import LARGEST
from wheelyard_registry.settings import Settings
from wheelyard_resolver.page import JSON_V1

PAGE = "/simple/demand-model/"
CLIENT = {"accept": JSON_V1, "accept-encoding": "gzip"}


def twice(registry: Registry, path: str, **headers: str) -> Response:
    """The answer once it is held, if it may be; the same as when it was not."""
    first = registry.client.get(path, headers=headers)
    again = registry.client.get(path, headers=headers)
    assert (again.status_code, again.headers, again.content) == (first.status_code, first.headers, first.content)
    return again


@pytest.mark.parametrize("accept", [JSON_V1, "text/html"])
@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_answer_is_the_same_from_memory(registry: Registry, accept: str, encoding: str) -> None:
    for number in range(50):
        registry.upload(wheels.wheel(version=f"1.{number}"))
    answer = twice(registry, PAGE, accept=accept, **{"accept-encoding": encoding})
    assert answer.headers["content-type"].startswith(accept)
    assert answer.headers.get("content-encoding", "identity") == encoding
    unchanged = twice(
        registry, PAGE, accept=accept, **{"accept-encoding": encoding, "if-none-match": answer.headers["etag"]}
    )
    assert (unchanged.status_code, unchanged.content) == (304, b"")


def read(path: str, password: str = "", **headers: str) -> Scope:
    """A GET as the server describes it."""
    given = {**headers, **({"authorization": basic("__token__", password)["Authorization"]} if password else {})}
    sent = [(name.encode(), value.encode()) for name, value in given.items()]
    return {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": sent}


def test_only_what_needs_no_waiting_is_answered_at_once(tmp_path: Path) -> None:
    with running(Settings(data=tmp_path / "data", upstreams=()), Clock()) as registry:
        small, large = wheels.wheel(), wheels.wheel(version="2.0", padding=LARGEST)
        files = [f"/files/demand-model/{built.filename}" for built in (small, large)]
        registry.upload(small), registry.upload(large)
        reader, other = token(registry, "read", projects=["demand-*"]), token(registry, "read", projects=["x"])
        for path in (PAGE, *files):
            assert registry.app.at_once(read(path, reader)) is None
            assert registry.client.get(path, headers=CLIENT, auth=("__token__", reader)).status_code == 200
        assert registry.client.get(PAGE, auth=("__token__", other)).status_code == 403

        def at_once(path: str, password: str = reader, **headers: str) -> int | None:
            answer = registry.app.at_once(read(path, password, **CLIENT, **headers))
            return None if answer is None else int(answer[0]["status"])

        if not can_hold(registry.settings):
            assert [at_once(path) for path in (PAGE, *files)] == [None, None, None]
            return
        assert [at_once(path) for path in (PAGE, *files)] == [200, 200, None]
        etag = registry.client.get(PAGE, headers=CLIENT, auth=("__token__", reader)).headers["etag"]
        assert at_once(PAGE, **{"if-none-match": etag}) == 304
        assert at_once(PAGE, range="bytes=0-1") is None
        assert [at_once(PAGE, password) for password in ("", other, "wy_no_token")] == [None, None, None]
        registry.clock.forward(seconds=2)
        assert at_once(PAGE) is None


def test_a_header_sent_twice_spoils_nothing_for_others(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    registry.client.get(PAGE, headers=[("accept", JSON_V1), ("accept", "text/html")])
    assert registry.client.get(PAGE, headers={"accept": "text/html"}).headers["content-type"].startswith("text/html")


def test_a_token_that_expires_gets_nothing_more_from_memory(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    expires = (registry.clock() + dt.timedelta(seconds=2)).isoformat()
    reader = ("__token__", token(registry, "read", expires=expires))
    statuses = []
    for _ in range(4):
        statuses.append(registry.client.get(PAGE, auth=reader).status_code)
        registry.clock.forward(seconds=1)
    assert statuses == [200, 200, 401, 401]


def test_a_file_and_its_metadata_are_the_same_from_memory(registry: Registry) -> None:
    built = wheels.wheel()
    registry.upload(built)
    path = f"/files/demand-model/{built.filename}"
    assert twice(registry, path).content == built.data
    assert twice(registry, f"{path}.metadata").status_code == 200
    part = twice(registry, path, range="bytes=2-5")
    assert (part.status_code, part.content) == (206, built.data[2:6])
    assert registry.client.request("HEAD", path).content == b""


def test_every_change_is_seen_at_once(registry: Registry) -> None:
    built = wheels.wheel()
    path = f"/files/demand-model/{built.filename}"
    registry.upload(built)
    twice(registry, PAGE), twice(registry, path)
    registry.upload(wheels.wheel(version="2.0"))
    assert registry.page("demand-model")["versions"] == ["1.4.0", "2.0"]
    call(registry, "POST", f"projects/demand-model/files/{built.filename}/yank", {"reason": "wrong units"})
    assert "wrong units" in twice(registry, PAGE).text
    call(registry, "POST", f"projects/demand-model/files/{built.filename}/quarantine", {"reason": "leak"})
    assert twice(registry, path).status_code == 403
    assert built.filename not in twice(registry, PAGE).text


def test_a_change_by_another_process_is_seen_at_once(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    twice(registry, PAGE)
    with running(registry.settings, registry.clock, token=registry.token) as other:
        other.upload(wheels.wheel(version="2.0"))
    assert registry.page("demand-model")["versions"] == ["1.4.0", "2.0"]
    assert "2.0" in twice(registry, PAGE).text


def test_who_may_not_read_gets_nothing_from_memory(tmp_path: Path) -> None:
    with running(Settings(data=tmp_path / "data", upstreams=()), Clock()) as registry:
        registry.upload(wheels.wheel())
        reader, other = token(registry, "read", projects=["demand-*"]), token(registry, "read", projects=["x"])
        for _ in range(2):
            assert registry.client.get(PAGE, auth=("__token__", reader)).status_code == 200
        assert registry.client.get(PAGE, auth=("__token__", other)).status_code == 403
        assert registry.client.get(PAGE).status_code == 401
        assert registry.client.get(PAGE, auth=("__token__", "wy_no_token")).status_code == 401
        call(registry, "DELETE", f"tokens/{reader.split('_')[1]}")
        assert registry.client.get(PAGE, auth=("__token__", reader)).status_code == 401


def test_an_upstream_page_is_held_as_long_as_it_is_fresh(mirror: Registry, upstream: FakeUpstream) -> None:
    upstream.add("six", wheels.wheel("six", "1.16.0"))
    twice(mirror, "/simple/six/")
    mirror.clock.forward(minutes=4)
    assert twice(mirror, "/simple/six/").headers["cache-control"] == "public, max-age=60"
    upstream.add("six", wheels.wheel("six", "1.17.0"))
    mirror.clock.forward(minutes=2)
    assert "1.17.0" in twice(mirror, "/simple/six/").text


def test_what_another_process_learns_of_an_upstream_file_is_seen_at_once(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0"))
    assert mirror.only_file("six")["core-metadata"] is True
    twice(mirror, "/simple/six/", accept=JSON_V1)
    with running(mirror.settings, mirror.clock, token=mirror.token) as other:
        assert other.client.get(f"/files/six/{built.filename}.metadata").status_code == 200
    assert mirror.only_file("six")["core-metadata"] == {"sha256": Built("", core_metadata("six", "1.16.0")).sha256}


def can_hold(settings: Settings) -> bool:
    """Whether the catalogue tells its version without waiting: else nothing is held."""
    with closing(Database(settings.database_url)) as database:
        return database.version() is not None


@pytest.fixture
def versions_of(mirror: Registry) -> Iterator[Database]:
    """The catalogue of a mirror, as another process sees it."""
    with closing(Database(mirror.settings.database_url)) as database:
        if database.version() is None:
            pytest.skip("this catalogue cannot tell its version without waiting; nothing is held")
        yield database


SIX, TOML = NormalizedName("six"), NormalizedName("toml")


def test_the_version_differs_after_every_upload(mirror: Registry, versions_of: Database) -> None:
    seen = [versions_of.version()]
    for number in range(3):
        mirror.upload(wheels.wheel(version=f"1.{number}"))
        seen.append(versions_of.version())
    assert len(set(seen)) == 4
    assert versions_of.version() == seen[-1]


def test_the_use_of_a_token_changes_nothing_that_is_said(mirror: Registry, versions_of: Database) -> None:
    mirror.upload(wheels.wheel())
    before = versions_of.version()
    mirror.clock.forward(hours=1)
    assert mirror.client.get(PAGE, auth=mirror.auth).status_code == 200
    assert versions_of.version() == before


def test_what_is_learnt_of_a_project_changes_nothing_that_is_said_of_others(
    mirror: Registry, upstream: FakeUpstream, versions_of: Database
) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0"))
    upstream.add("toml", wheels.wheel("toml", "1.0"))
    mirror.client.get("/simple/six/"), mirror.client.get("/simple/toml/")
    before = versions_of.version()
    assert before is not None
    mirror.client.get(f"/files/six/{built.filename}.metadata")
    assert versions_of.version() != before
    assert versions_of.learnt_of(SIX) > before.learnt >= versions_of.learnt_of(TOML) > 0


def test_a_page_that_upstream_calls_unchanged_and_a_file_that_is_as_announced_change_nothing_that_is_said(
    mirror: Registry, upstream: FakeUpstream, versions_of: Database
) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0"))
    mirror.client.get("/simple/six/")
    before = versions_of.version()
    mirror.clock.forward(minutes=6)
    mirror.client.get("/simple/six/")
    assert mirror.client.get(f"/files/six/{built.filename}").content == built.data
    assert versions_of.version() == before
