"""Upstream through this index: one URL for private and public packages, and nothing wrong is kept or served."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.registry import wheels
from tests.registry.conftest import Registry, running
from tests.registry.fake_upstream import FakeUpstream
from tests.registry.wheels import Built, core_metadata

from wheelyard_registry.upstream_index import UpstreamIndex


def six(padding: int = 0, version: str = "1.16.0") -> Built:
    """A wheel that upstream has."""
    return wheels.wheel("six", version, padding=padding)


def test_an_upstream_page_leads_here_and_keeps_what_upstream_says(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    assert mirror.page("six") == {
        "meta": {"api-version": "1.4"},
        "name": "six",
        "project-status": {"status": "active"},
        "versions": ["1.16.0"],
        "files": [
            {
                "filename": built.filename,
                "url": f"../../files/six/{built.filename}",
                "hashes": {"sha256": built.sha256},
                "size": len(built.data),
                "upload-time": "2024-05-06T07:08:09.000001Z",
                "requires-python": ">=3.8",
                "yanked": False,
                "core-metadata": True,
                "provenance": None,
            }
        ],
    }


def test_a_private_name_never_shows_upstream(mirror: Registry, upstream: FakeUpstream) -> None:
    mirror.upload(wheels.wheel("demand_model", "1.4.0"))
    upstream.requests.clear()
    lure = upstream.add("demand-model", wheels.wheel("demand_model", "99.0"))
    assert mirror.page("demand-model")["versions"] == ["1.4.0"]
    assert mirror.client.get(f"/files/demand-model/{lure.filename}").status_code == 404
    assert mirror.client.get(f"/files/demand-model/{lure.filename}.metadata").status_code == 404
    assert upstream.requests == []


def test_a_file_comes_from_upstream_once(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six(padding=700_000))
    for _ in range(2):
        response = mirror.client.get(f"/files/six/{built.filename}")
        assert response.content == built.data
        assert response.headers["etag"] == f'"{built.sha256}"'
    assert len(upstream.asked_for(built.filename)) == 1


def test_many_clients_share_one_fetch(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six(padding=5_000_000))
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _: mirror.client.get(f"/files/six/{built.filename}"), range(12)))
    assert {answer.content == built.data for answer in answers} == {True}
    assert len(upstream.asked_for(built.filename)) == 1


def test_wrong_bytes_of_a_small_file_are_an_error_and_not_kept(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    upstream.served_instead[built.filename] = built.data[:-1] + b"!"
    response = mirror.client.get(f"/files/six/{built.filename}")
    assert (response.status_code, response.json()["code"]) == (502, "upstream-corrupt")
    assert f"where {built.sha256} was announced; nothing was kept" in response.json()["detail"]
    assert mirror.stored_files() == []
    del upstream.served_instead[built.filename]
    assert mirror.client.get(f"/files/six/{built.filename}").content == built.data


def test_a_large_file_with_wrong_bytes_breaks_off_and_is_not_kept(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six(padding=3_000_000))
    upstream.served_instead[built.filename] = built.data[:-1] + b"!"
    assert mirror.client.breaks_off(f"/files/six/{built.filename}")
    assert mirror.stored_files() == []
    del upstream.served_instead[built.filename]
    assert mirror.client.get(f"/files/six/{built.filename}").content == built.data


@pytest.mark.parametrize("padding", [0, 3_000_000])
@pytest.mark.parametrize("surplus", [b"", b"more"])
def test_a_file_of_another_size_is_not_kept(
    mirror: Registry, upstream: FakeUpstream, padding: int, surplus: bytes
) -> None:
    built = upstream.add("six", six(padding))
    upstream.served_instead[built.filename] = built.data + surplus if surplus else built.data[:-9]
    path = f"/files/six/{built.filename}"
    assert mirror.client.breaks_off(path) or mirror.client.get(path).status_code == 502
    assert mirror.stored_files() == []


def test_a_range_of_a_file_not_yet_here_is_served_from_the_verified_file(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    built = upstream.add("six", six())
    response = mirror.client.get(f"/files/six/{built.filename}", headers={"Range": "bytes=3-9"})
    assert (response.status_code, response.content) == (206, built.data[3:10])


def test_head_of_an_upstream_file_fetches_nothing(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    response = mirror.client.request("HEAD", f"/files/six/{built.filename}")
    assert response.headers["content-length"] == str(len(built.data))
    assert upstream.asked_for(built.filename) == []


def test_metadata_is_read_from_the_wheels_end_by_range(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six(padding=1_000_000))
    response = mirror.client.get(f"/files/six/{built.filename}.metadata")
    assert response.content == core_metadata("six", "1.16.0")
    assert all(asked.startswith("bytes=") for asked in upstream.asked_for(built.filename))
    again = mirror.client.get(f"/files/six/{built.filename}.metadata")
    assert again.content == response.content
    assert len(upstream.asked_for(built.filename)) == 1


def test_metadata_once_read_is_advertised_with_its_hash(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    mirror.client.get(f"/files/six/{built.filename}.metadata")
    file = mirror.only_file("six")
    assert file["core-metadata"] == {"sha256": Built("", core_metadata("six", "1.16.0")).sha256}


def test_metadata_that_upstream_offers_is_taken_as_it_is(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    upstream.offers_metadata[built.filename] = core_metadata("six", "1.16.0")
    response = mirror.client.get(f"/files/six/{built.filename}.metadata")
    assert response.content == core_metadata("six", "1.16.0")
    assert upstream.asked_for(built.filename) == []


def test_offered_metadata_with_another_hash_is_refused(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    upstream.offers_metadata[built.filename] = core_metadata("six", "1.16.0")
    upstream.served_instead[f"{built.filename}.metadata"] = b"Name: six\n"
    response = mirror.client.get(f"/files/six/{built.filename}.metadata")
    assert (response.status_code, response.json()["code"]) == (502, "upstream-corrupt")
    assert mirror.stored_files() == []


def test_metadata_comes_from_the_whole_wheel_where_ranges_are_ignored(mirror: Registry, upstream: FakeUpstream) -> None:
    upstream.honours_ranges = False
    built = upstream.add("six", six())
    assert mirror.client.get(f"/files/six/{built.filename}.metadata").content == core_metadata("six", "1.16.0")
    assert mirror.client.get(f"/files/six/{built.filename}").content == built.data


def test_a_wheel_without_metadata_is_not_offered_any_more(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", Built("six-1.16.0-py3-none-any.whl", wheels.zipped([("six.py", b"")])))
    assert mirror.client.get(f"/files/six/{built.filename}.metadata").status_code == 404
    file = mirror.only_file("six")
    assert file["core-metadata"] is False


def test_an_upstream_without_hashes_is_verified_by_size_and_remembered(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    upstream.states_hashes = False
    built = upstream.add("six", six())
    assert mirror.client.get(f"/files/six/{built.filename}").content == built.data
    file = mirror.only_file("six")
    assert file["hashes"] == {"sha256": built.sha256}
    assert mirror.client.get(f"/files/six/{built.filename}").content == built.data
    assert len(upstream.asked_for(built.filename)) == 1


def test_a_page_is_fresh_for_its_time_then_revalidated(mirror: Registry, upstream: FakeUpstream) -> None:
    upstream.add("six", six())
    first = mirror.client.get("/simple/six/")
    assert first.headers["cache-control"] == "public, max-age=300"
    mirror.clock.forward(minutes=4)
    assert mirror.client.get("/simple/six/").headers["cache-control"] == "public, max-age=60"
    assert len(upstream.asked_for("/six/")) == 1
    mirror.clock.forward(minutes=2)
    upstream.add("six", six(version="1.17.0"))
    assert mirror.page("six")["versions"] == ["1.16.0", "1.17.0"]
    assert len(upstream.asked_for("/six/")) == 2


def test_a_page_that_has_not_changed_costs_upstream_a_304(mirror: Registry, upstream: FakeUpstream) -> None:
    upstream.add("six", six())
    page = mirror.page("six")
    mirror.clock.forward(minutes=6)
    assert mirror.page("six") == page
    assert upstream.unchanged == ["/simple/six/"]
    mirror.clock.forward(minutes=4)
    mirror.page("six")
    assert len(upstream.asked_for("/six/")) == 2, "it is fresh again since it was called unchanged"


def test_many_clients_share_one_fetch_of_a_page_and_of_metadata(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    for path in ("/simple/six/", f"/files/six/{built.filename}.metadata"):
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _, path=path: mirror.client.get(path).content, range(12)))
        assert len(set(answers)) == 1
    assert len(upstream.asked_for("/six/")) == 1
    assert len(upstream.asked_for(built.filename)) == 1


def test_a_name_that_nobody_has_answers_404_and_is_not_asked_for_again_at_once(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    for _ in range(2):
        assert mirror.client.get("/simple/nobody/").status_code == 404
    assert len(upstream.asked_for("/nobody/")) == 1
    upstream.add("nobody", wheels.wheel("nobody", "1.0"))
    mirror.clock.forward(minutes=6)
    assert mirror.page("nobody")["versions"] == ["1.0"]


def test_with_upstream_down_cached_pages_and_files_are_served(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    page = mirror.page("six")
    mirror.client.get(f"/files/six/{built.filename}")
    upstream.down = True
    mirror.clock.forward(days=1)
    assert mirror.page("six") == page
    assert mirror.client.get(f"/files/six/{built.filename}").content == built.data


def test_with_upstream_down_what_is_not_cached_fails_clearly(mirror: Registry, upstream: FakeUpstream) -> None:
    upstream.down = True
    response = mirror.client.get("/simple/six/")
    assert (response.status_code, response.json()["code"]) == (502, "upstream-failed")
    assert response.json()["message"].endswith("/simple/six/: it answered 503")
    assert response.json()["hint"]


def test_a_file_that_upstream_lost_fails_clearly(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    mirror.page("six")
    upstream.down = True
    response = mirror.client.get(f"/files/six/{built.filename}")
    assert (response.status_code, response.json()["code"]) == (502, "upstream-failed")


def test_nobody_listening_upstream_is_a_failure_and_credentials_are_not_shown(mirror: Registry) -> None:
    settings = replace(
        mirror.settings,
        data=mirror.settings.data / "other",
        upstreams=(UpstreamIndex.at("http://user:secret@127.0.0.1:9/simple/"),),
    )
    with running(settings, mirror.clock) as lonely:
        response = lonely.client.get("/simple/six/")
    assert response.status_code == 502
    assert "secret" not in response.text


def test_a_restart_keeps_what_was_learnt(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", six())
    mirror.client.get(f"/files/six/{built.filename}")
    page = mirror.page("six")
    upstream.requests.clear()
    with running(mirror.settings, mirror.clock) as again:
        assert again.page("six") == page
        assert again.client.get(f"/files/six/{built.filename}").content == built.data
    assert upstream.requests == []
