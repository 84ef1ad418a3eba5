"""``/as-of/<time>/``: what was known then, as far as it may be had today."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from tests.registry import wheels
from tests.registry.api import api, call, token
from tests.registry.conftest import Clock, Registry, running
from tests.registry.fake_upstream import FakeUpstream
from tests.registry.wheels import Built

from wheelyard_registry.settings import Settings
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_resolver.page import JSON_V1


def moment(registry: Registry) -> str:
    """The time now, after which more will happen."""
    now = registry.clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    registry.clock.forward(days=1)
    return now


def get(registry: Registry, at: str, path: str, **headers: str) -> Response:
    return registry.client.get(f"/as-of/{at}/{path}", headers={"Accept": JSON_V1, **headers})


def page(registry: Registry, at: str, project: str = "demand-model") -> dict[str, Any]:
    answer = get(registry, at, f"simple/{project}/")
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert isinstance(document, dict)
    return document


def shown(registry: Registry, at: str, project: str = "demand-model") -> dict[str, object]:
    """The files of a page of the past, and whether they are yanked."""
    return {file["filename"]: file["yanked"] for file in page(registry, at, project)["files"]}


def upload(registry: Registry, version: str) -> Built:
    built = wheels.wheel(version=version)
    assert registry.upload(built).status_code == 200
    return built


# --- private files


def test_a_page_of_the_past_lists_what_had_been_uploaded(registry: Registry) -> None:
    before = moment(registry)
    first = upload(registry, "1.0")
    between = moment(registry)
    second = upload(registry, "2.0")
    assert get(registry, before, "simple/demand-model/").status_code == 404
    assert shown(registry, between) == {first.filename: False}
    assert shown(registry, moment(registry)) == {first.filename: False, second.filename: False}


def test_a_page_of_now_is_the_page(registry: Registry) -> None:
    for version in ("1.0", "2.0"):
        upload(registry, version)
    call(registry, "POST", "projects/demand-model/releases/1.0/yank", {"reason": "wrong units"})
    call(registry, "PUT", "projects/demand-model/status", {"status": "deprecated", "reason": "old"})
    assert page(registry, moment(registry)) == registry.page("demand-model")


def test_a_yank_holds_from_its_time_until_it_is_taken_back(registry: Registry) -> None:
    built, other = upload(registry, "1.0"), upload(registry, "2.0")
    before = moment(registry)
    call(registry, "POST", "projects/demand-model/releases/1.0/yank", {"reason": "wrong units"})
    during = moment(registry)
    call(registry, "DELETE", f"projects/demand-model/files/{built.filename}/yank")
    after = moment(registry)
    assert shown(registry, before) == {built.filename: False, other.filename: False}
    assert shown(registry, during) == {built.filename: "wrong units", other.filename: False}
    assert shown(registry, after) == {built.filename: False, other.filename: False}


def test_a_status_is_that_of_then(registry: Registry) -> None:
    upload(registry, "1.0")
    before = moment(registry)
    call(registry, "PUT", "projects/demand-model/status", {"status": "archived", "reason": "see the next"})
    assert page(registry, before)["project-status"] == {"status": "active"}
    assert page(registry, moment(registry))["project-status"] == {"status": "archived", "reason": "see the next"}


def test_a_file_deleted_since_is_listed_and_cannot_be_had(registry: Registry) -> None:
    built, other = upload(registry, "1.0"), upload(registry, "2.0")
    before = moment(registry)
    call(registry, "DELETE", "projects/demand-model/releases/1.0?reason=leak")
    assert shown(registry, before) == {built.filename: False, other.filename: False}
    listed = next(file for file in page(registry, before)["files"] if file["filename"] == built.filename)
    assert (listed["hashes"], listed["size"], listed["requires-python"], listed["core-metadata"]) == (
        {"sha256": built.sha256},
        len(built.data),
        ">=3.8",
        False,
    )
    for ending in ("", ".metadata"):
        refused = get(registry, before, f"files/demand-model/{built.filename}{ending}")
        assert (refused.status_code, refused.json()["code"]) == (410, "file-deleted")
        assert "was deleted from this registry on 2026-11-24" in refused.json()["message"]
    assert shown(registry, moment(registry)) == {other.filename: False}


def test_what_is_in_quarantine_today_is_in_no_past(registry: Registry) -> None:
    bad, good = upload(registry, "1.0"), upload(registry, "2.0")
    before = moment(registry)
    call(registry, "POST", f"projects/demand-model/files/{bad.filename}/quarantine", {"reason": "malware"})
    assert shown(registry, before) == {good.filename: False}
    assert get(registry, before, f"files/demand-model/{bad.filename}").json()["code"] == "quarantined"
    call(registry, "DELETE", f"projects/demand-model/files/{bad.filename}/quarantine")
    assert shown(registry, before) == {bad.filename: False, good.filename: False}
    call(registry, "PUT", "projects/demand-model/status", {"status": "quarantined"})
    assert shown(registry, before) == {}
    assert get(registry, before, f"files/demand-model/{good.filename}").json()["code"] == "quarantined"


def test_what_was_in_quarantine_then_was_not_to_be_seen(registry: Registry) -> None:
    built = upload(registry, "1.0")
    call(registry, "POST", f"projects/demand-model/files/{built.filename}/quarantine", {"reason": "a false alarm"})
    during = moment(registry)
    call(registry, "DELETE", f"projects/demand-model/files/{built.filename}/quarantine")
    assert shown(registry, during) == {}
    assert shown(registry, moment(registry)) == {built.filename: False}


def test_an_imported_file_was_known_here_from_its_import_on(registry: Registry) -> None:
    before = moment(registry)
    built = wheels.wheel(version="1.0")
    path = f"/api/v1/projects/demand-model/files/{built.filename}"
    uploaded = {"Wheelyard-Uploaded-At": "2019-03-01T00:00:00Z"}
    answer = registry.client.request("PUT", path, content=built.data, headers=uploaded, auth=registry.auth)
    assert answer.status_code == 201
    assert get(registry, before, "simple/demand-model/").status_code == 404
    (file,) = page(registry, moment(registry))["files"]
    assert file["upload-time"] == "2019-03-01T00:00:00.000000Z"
    (event,) = (entry for entry in call(registry, "GET", "audit")["events"] if entry["kind"] == "file-added")
    assert (event["at"], event["facts"]["uploaded_at"]) == (
        "2026-11-24T10:00:00.000000Z",
        "2019-03-01T00:00:00.000000Z",
    )


def test_files_and_metadata_of_the_past_are_served_and_immutable(registry: Registry) -> None:
    built = upload(registry, "1.0")
    then = moment(registry)
    (listed,) = page(registry, then)["files"]
    assert listed["url"] == f"../../files/demand-model/{built.filename}"
    found = get(registry, then, f"files/demand-model/{built.filename}")
    assert (found.content, found.headers["etag"]) == (built.data, f'"{built.sha256}"')
    assert "immutable" in found.headers["cache-control"]
    part = get(registry, then, f"files/demand-model/{built.filename}", Range="bytes=3-9")
    assert (part.status_code, part.content) == (206, built.data[3:10])
    metadata = get(registry, then, f"files/demand-model/{built.filename}.metadata")
    assert hashlib.sha256(metadata.content).hexdigest() == listed["core-metadata"]["sha256"]
    later = upload(registry, "2.0")
    assert get(registry, then, f"files/demand-model/{later.filename}").status_code == 404


def test_a_page_of_the_past_must_be_asked_for_again_because_a_quarantine_changes_it(registry: Registry) -> None:
    built = upload(registry, "1.0")
    then = moment(registry)
    first = get(registry, then, "simple/demand-model/")
    assert first.headers["cache-control"] == "private, no-cache"
    etag = first.headers["etag"]
    assert get(registry, then, "simple/demand-model/", **{"If-None-Match": etag}).status_code == 304
    upload(registry, "2.0")
    assert get(registry, then, "simple/demand-model/", **{"If-None-Match": etag}).status_code == 304
    call(registry, "POST", f"projects/demand-model/files/{built.filename}/quarantine", {})
    assert get(registry, then, "simple/demand-model/", **{"If-None-Match": etag}).status_code == 200


def test_a_page_of_the_past_exists_in_every_form(registry: Registry) -> None:
    built = upload(registry, "1.0")
    then = moment(registry)
    upload(registry, "2.0")
    html = get(registry, then, "simple/demand-model/", Accept="text/html")
    assert html.headers["content-type"].startswith("text/html")
    assert f">{built.filename}</a>" in html.text
    assert "2.0" not in html.text
    assert page(registry, then)["meta"]["api-version"] == "1.4"
    moved = registry.client.get(f"/as-of/{then}/simple/Demand_Model/")
    assert (moved.status_code, moved.headers["location"]) == (301, "../demand-model/")


def test_the_list_of_names_is_that_of_then(registry: Registry) -> None:
    registry.upload(wheels.wheel("first_one"))
    then = moment(registry)
    registry.upload(wheels.wheel("second_one"))
    assert get(registry, then, "simple/").json()["projects"] == [{"name": "first-one"}]


def test_the_rights_are_those_of_today(tmp_path: Path) -> None:
    with running(Settings(data=tmp_path / "data", upstreams=()), Clock()) as closed:
        upload(closed, "1.0")
        then = moment(closed)
        assert get(closed, then, "simple/demand-model/").status_code == 401
        other = token(closed, "read", projects=["other-*"])
        for path in ("simple/demand-model/", "files/demand-model/demand_model-1.0-py3-none-any.whl"):
            refused = closed.client.get(f"/as-of/{then}/{path}", auth=("__token__", other))
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert closed.client.get(f"/as-of/{then}/simple/demand-model/", auth=closed.auth).status_code == 200


# --- times


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T12:00:00Z",
        "2026-11-23t12:00:00z",
        "2026-11-23T12:00:00.25Z",
        "2026-11-23T13:00:00.123456789%2B01:00",
        "2026-11-23T07:00:00-05:00",
        "2026-11-24",
    ],
)
def test_a_time_may_be_written_as_rfc_3339_does(registry: Registry, text: str) -> None:
    upload(registry, "1.0")
    registry.clock.forward(days=2)
    upload(registry, "2.0")
    assert page(registry, text)["versions"] == ["1.0"]


def test_a_bare_date_is_the_beginning_of_that_day(registry: Registry) -> None:
    upload(registry, "1.0")
    registry.clock.forward(days=1)
    assert get(registry, "2026-11-23", "simple/demand-model/").status_code == 404
    assert page(registry, "2026-11-24")["versions"] == ["1.0"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "that is not a time with its zone, nor a date"),
        ("2026-11-23T10:00:00", "that is not a time with its zone, nor a date"),
        ("2026-11-23T10:00Z", "that is not a time with its zone, nor a date"),
        ("2026-02-30", "there is no such time"),
        ("0001-01-01T00:00:00+10:00", "there is no such time"),
        ("2026-11-23T10:00:01Z", "that is still to come, this registry's clock says 2026-11-23T10:00:00Z"),
        ("٢٠٢٦-11-23", "that is not a time with its zone, nor a date"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_the_reason(registry: Registry, text: str, said: str) -> None:
    for path in ("simple/", "simple/demand-model/", "files/demand-model/x-1-py3-none-any.whl"):
        refused = get(registry, text, path)
        assert (refused.status_code, refused.json()["code"]) == (400, "unusable-time")
        assert refused.json()["message"] == f"the index cannot be shown as of {text}: {said}"
        assert refused.json()["hint"]


# --- upstream


def release(upstream: FakeUpstream, version: str, padding: int = 0) -> Built:
    return upstream.add("six", wheels.wheel("six", version, padding=padding))


def refreshed(registry: Registry) -> None:
    """Have upstream's page read again."""
    registry.clock.forward(hours=1)
    registry.page("six")


def test_upstream_files_count_from_when_they_were_first_seen(mirror: Registry, upstream: FakeUpstream) -> None:
    unknown = moment(mirror)
    first = release(upstream, "1.16.0")
    mirror.page("six")
    then = moment(mirror)
    release(upstream, "1.17.0")
    upstream.requests.clear()
    assert page(mirror, then, "six")["versions"] == ["1.16.0"]
    assert upstream.requests == []
    refreshed(mirror)
    assert page(mirror, then, "six")["versions"] == ["1.16.0"]
    assert page(mirror, moment(mirror), "six")["versions"] == ["1.16.0", "1.17.0"]
    assert get(mirror, unknown, "simple/six/").status_code == 404
    assert get(mirror, then, f"files/six/{first.filename}").content == first.data
    assert get(mirror, then, f"files/six/{first.filename}.metadata").status_code == 200


def test_a_file_that_upstream_removed_was_there_before(mirror: Registry, upstream: FakeUpstream) -> None:
    kept, removed = release(upstream, "1.16.0"), release(upstream, "1.17.0")
    page_then = mirror.page("six")
    assert mirror.client.get(f"/files/six/{removed.filename}").content == removed.data
    then = moment(mirror)
    upstream.files["six"] = [kept]
    refreshed(mirror)
    without = moment(mirror)
    upstream.files["six"] = [kept, removed]
    refreshed(mirror)
    assert page(mirror, then, "six")["files"] == page_then["files"]
    assert page(mirror, without, "six")["versions"] == ["1.16.0"]
    assert page(mirror, moment(mirror), "six")["versions"] == ["1.16.0", "1.17.0"]
    upstream.down = True
    assert get(mirror, then, f"files/six/{removed.filename}").content == removed.data


def test_a_project_that_upstream_removed_was_there_before(mirror: Registry, upstream: FakeUpstream) -> None:
    built = release(upstream, "1.16.0")
    mirror.page("six")
    then = moment(mirror)
    del upstream.files["six"]
    mirror.clock.forward(hours=1)
    assert mirror.client.get("/simple/six/").status_code == 404
    assert shown(mirror, then, "six") == {built.filename: False}
    assert get(mirror, moment(mirror), "simple/six/").status_code == 404


def test_a_yank_upstream_holds_from_when_it_was_seen(mirror: Registry, upstream: FakeUpstream) -> None:
    built = release(upstream, "1.16.0")
    mirror.page("six")
    then = moment(mirror)
    upstream.yanked[built.filename] = "broken"
    refreshed(mirror)
    assert shown(mirror, then, "six") == {built.filename: False}
    assert shown(mirror, moment(mirror), "six") == {built.filename: "broken"}


def test_other_bytes_under_a_name_were_other_bytes_before(mirror: Registry, upstream: FakeUpstream) -> None:
    first = release(upstream, "1.16.0")
    assert mirror.client.get(f"/files/six/{first.filename}").content == first.data
    then = moment(mirror)
    changed = wheels.wheel("six", "1.16.0", padding=9)
    upstream.files["six"] = [changed]
    refreshed(mirror)
    assert get(mirror, then, f"files/six/{first.filename}").content == first.data
    assert get(mirror, moment(mirror), f"files/six/{first.filename}").content == changed.data


def test_a_project_that_upstream_has_put_in_quarantine_is_in_no_past(mirror: Registry, upstream: FakeUpstream) -> None:
    built = release(upstream, "1.16.0")
    mirror.page("six")
    then = moment(mirror)
    upstream.files["six"], upstream.status["six"] = [], {"status": "quarantined"}
    refreshed(mirror)
    assert get(mirror, then, "simple/six/").status_code == 404
    assert get(mirror, then, f"files/six/{built.filename}").status_code == 404


def test_the_past_of_upstream_outlives_a_restart(mirror: Registry, upstream: FakeUpstream) -> None:
    release(upstream, "1.16.0")
    mirror.page("six")
    then = moment(mirror)
    release(upstream, "1.17.0")
    refreshed(mirror)
    with running(mirror.settings, mirror.clock) as again:
        assert page(again, then, "six")["versions"] == ["1.16.0"]


def test_a_private_name_shows_no_upstream_file_in_its_past_unless_it_was_an_overlay(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    patched = wheels.wheel("six", "1.16.0+acme1")
    release(upstream, "1.16.0")
    mirror.page("six")
    public = moment(mirror)
    call(mirror, "PUT", "projects/six/overlay", {"overlay": True, "reason": "a patch"})
    mirror.upload(patched)
    both = moment(mirror)
    call(mirror, "PUT", "projects/six/overlay", {"overlay": False, "reason": "no longer"})
    assert page(mirror, public, "six")["versions"] == ["1.16.0"]
    assert page(mirror, both, "six")["versions"] == ["1.16.0", "1.16.0+acme1"]
    assert page(mirror, moment(mirror), "six")["versions"] == ["1.16.0+acme1"]


def test_a_name_reserved_today_leaves_the_house_in_no_past(mirror: Registry, upstream: FakeUpstream) -> None:
    release(upstream, "1.16.0")
    mirror.page("six")
    then = moment(mirror)
    with running(replace(mirror.settings, reserved=("si*",)), mirror.clock) as stricter:
        assert shown(stricter, then, "six") == {}


# --- cooldown


@pytest.fixture
def cooling(tmp_path: Path, upstream: FakeUpstream) -> Iterator[Registry]:
    """A registry that serves upstream files once they are seven days old."""
    settings = Settings(
        data=tmp_path / "data",
        upstreams=(UpstreamIndex.at(upstream.url),),
        upstream_retries=0,
        anonymous_read=True,
        cooldown=dt.timedelta(days=7),
    )
    with running(settings, Clock()) as started:
        yield started


def test_a_file_that_the_cooldown_hid_then_is_not_shown_though_it_is_old_today(
    cooling: Registry, upstream: FakeUpstream
) -> None:
    release(upstream, "1.16.0")
    young = release(upstream, "1.17.0")
    upstream.uploaded[young.filename] = "2026-11-22T00:00:00Z"
    cooling.page("six")
    then = moment(cooling)
    cooling.clock.forward(days=365)
    assert page(cooling, then, "six")["versions"] == ["1.16.0"]
    assert get(cooling, then, f"files/six/{young.filename}").json()["code"] == "cooling-down"
    assert page(cooling, moment(cooling), "six")["versions"] == ["1.16.0", "1.17.0"]


def test_a_cooldown_that_began_later_hides_nothing_that_is_old_enough_today(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    young = release(upstream, "1.16.0")
    upstream.uploaded[young.filename] = "2026-11-22T00:00:00Z"
    mirror.page("six")
    then = moment(mirror)
    with running(replace(mirror.settings, cooldown=dt.timedelta(days=7)), mirror.clock) as cooling:
        assert shown(cooling, then, "six") == {}, "today it is too young"
        cooling.clock.forward(days=365)
        assert shown(cooling, then, "six") == {young.filename: False}
        began = moment(cooling)
    with running(mirror.settings, mirror.clock, token=mirror.token) as ended:
        kinds = [(event["kind"], event["facts"]) for event in call(ended, "GET", "audit")["events"]]
        assert kinds[-2:] == [("cooldown-set", {"days": 7}), ("cooldown-set", {"days": 0})]
        assert shown(ended, began, "six") == {young.filename: False}


def test_a_waiver_of_then_holds_for_then(cooling: Registry, upstream: FakeUpstream) -> None:
    young = release(upstream, "1.16.0")
    upstream.uploaded[young.filename] = "2026-11-22T00:00:00Z"
    cooling.page("six")
    before = moment(cooling)
    call(cooling, "PUT", "projects/six/cooldown-waiver", {"until": "2026-11-26T00:00:00Z", "reason": "a fix"})
    waived = moment(cooling)
    call(cooling, "DELETE", "projects/six/cooldown-waiver")
    ended = moment(cooling)
    assert shown(cooling, waived, "six") == {}, "today it is too young, and no waiver holds"
    cooling.clock.forward(days=365)
    assert [shown(cooling, at, "six") for at in (before, waived, ended)] == [{}, {young.filename: False}, {}]
    assert api(cooling, "GET", "cooldown-waivers").json() == {"waivers": []}
