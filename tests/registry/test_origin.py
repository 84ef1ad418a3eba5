"""One name, one origin: what keeps a public package from standing in for a private one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.registry import wheels
from tests.registry.api import api, call, token
from tests.registry.conftest import Clock, Registry, running
from tests.registry.fake_upstream import FakeUpstream

from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.origins import Origins
from wheelyard_registry.origin import Origin
from wheelyard_registry.origin_watch import OriginWatch
from wheelyard_registry.settings import Settings
from wheelyard_registry.upstream import Upstream
from wheelyard_registry.upstream_index import UpstreamIndex


@pytest.fixture
def reserving(tmp_path: Path, upstream: FakeUpstream) -> Iterator[Registry]:
    """A registry before the loopback upstream that keeps acme-* to itself."""
    settings = Settings(
        data=tmp_path / "data",
        upstreams=(UpstreamIndex.at(upstream.url),),
        upstream_retries=0,
        reserved=("acme-*",),
        anonymous_read=True,
    )
    with running(settings, Clock()) as started:
        yield started


def test_an_unknown_reserved_name_has_an_empty_page_and_never_goes_upstream(
    reserving: Registry, upstream: FakeUpstream
) -> None:
    lure = upstream.add("acme-secret", wheels.wheel("acme_secret", "9.0"))
    assert reserving.page("acme-secret")["files"] == []
    assert reserving.client.get(f"/files/acme-secret/{lure.filename}").status_code == 404
    assert reserving.client.get("/simple/Acme.Secret/", follow_redirects=True).status_code == 200
    assert upstream.requests == []


def test_a_reserved_name_is_made_without_asking_anybody(reserving: Registry, upstream: FakeUpstream) -> None:
    upstream.down = True
    assert reserving.upload(wheels.wheel("acme_new")).status_code == 200
    assert reserving.page("acme-new")["versions"] == ["1.4.0"]
    assert upstream.requests == []


def test_a_public_name_cannot_be_made_here(mirror: Registry, upstream: FakeUpstream) -> None:
    upstream.add("demand-model", wheels.wheel("demand_model", "0.1"))
    refused = mirror.upload(wheels.wheel())
    assert (refused.status_code, refused.json()["code"]) == (409, "name-taken")
    assert mirror.page("demand-model")["versions"] == ["0.1"]
    assert mirror.stored_files() == []


def test_while_upstream_is_down_no_new_name_is_made_and_old_ones_go_on(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    mirror.upload(wheels.wheel())
    upstream.down = True
    refused = mirror.upload(wheels.wheel("another"))
    assert (refused.status_code, refused.json()["code"]) == (503, "origin-unproved")
    assert "it answered 503" in refused.json()["detail"]
    assert mirror.upload(wheels.wheel(version="2.0")).status_code == 200


def test_reading_never_binds_a_name(mirror: Registry, upstream: FakeUpstream) -> None:
    assert mirror.client.get("/simple/demand-model/").status_code == 404
    assert mirror.upload(wheels.wheel()).status_code == 200
    assert mirror.page("demand-model")["versions"] == ["1.4.0"]
    assert len(upstream.asked_for("/demand-model/")) == 2


def test_an_overlay_shows_both_origins_and_is_audited(mirror: Registry, upstream: FakeUpstream) -> None:
    public = upstream.add("demand-model", wheels.wheel("demand_model", "0.1"))
    body = {"overlay": True, "reason": "our patched build stands beside the public one"}
    call(mirror, "PUT", "projects/demand-model/overlay", body)
    private = wheels.wheel("demand_model", "0.1+acme")
    assert mirror.upload(private).status_code == 200
    assert mirror.page("demand-model")["versions"] == ["0.1", "0.1+acme"]
    for built in (public, private):
        assert mirror.client.get(f"/files/demand-model/{built.filename}").content == built.data
        assert mirror.client.get(f"/files/demand-model/{built.filename}.metadata").status_code == 200
    kinds = [event["kind"] for event in call(mirror, "GET", "audit")["events"]]
    assert "overlay-set" in kinds
    call(mirror, "PUT", "projects/demand-model/overlay", {"overlay": False, "reason": "no longer"})
    assert mirror.page("demand-model")["versions"] == ["0.1+acme"]


def test_in_an_overlay_a_private_file_wins_over_a_public_one_of_its_name(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    call(mirror, "PUT", "projects/demand-model/overlay", {"overlay": True, "reason": "r"})
    private = wheels.wheel()
    mirror.upload(private)
    upstream.add("demand-model", wheels.wheel(requires=["evil"]))
    file = mirror.only_file("demand-model")
    assert file["hashes"]["sha256"] == private.sha256


def test_an_overlay_shows_what_upstream_has_only_since_it_was_last_asked(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    mirror.upload(wheels.wheel(version="1.0"))
    call(mirror, "PUT", "projects/demand-model/overlay", {"overlay": True, "reason": "r"})
    for _ in range(2):
        assert mirror.page("demand-model")["versions"] == ["1.0"]
    upstream.add("demand-model", wheels.wheel(version="2.0"))
    mirror.clock.forward(minutes=6)
    assert mirror.page("demand-model")["versions"] == ["1.0", "2.0"]


@pytest.mark.parametrize("body", [{"overlay": True}, {"overlay": 1, "reason": "r"}])
def test_an_overlay_needs_its_reason(mirror: Registry, body: dict[str, object]) -> None:
    assert api(mirror, "PUT", "projects/demand-model/overlay", body).status_code == 422


def test_an_overlay_is_for_administrators_and_never_for_reserved_names(reserving: Registry) -> None:
    body = {"overlay": True, "reason": "r"}
    scoped = ("__token__", token(reserving, "upload", "create"))
    assert api(reserving, "PUT", "projects/x/overlay", body, auth=scoped).status_code == 403
    assert api(reserving, "PUT", "projects/acme-x/overlay", body).status_code == 422


def number_of_alarms(registry: Registry) -> float:
    """What Prometheus reads, by its own parser, without credentials."""
    answer = registry.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    (sample,) = families["wheelyard_names_met_upstream"].samples
    return float(sample.value)


def test_alarms_are_shown_to_administrators_only(reserving: Registry) -> None:
    assert reserving.client.get("/alarms/").status_code == 401
    assert reserving.client.get("/alarms/", auth=("__token__", token(reserving, "upload"))).status_code == 403
    assert "No private name" in reserving.client.get("/alarms/", auth=reserving.auth).text


def test_a_private_name_that_appears_upstream_raises_an_alarm_once(
    reserving: Registry, upstream: FakeUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("demand_model", "acme_secret", "calm"):
        reserving.upload(wheels.wheel(name))
    upstream.add("demand-model", wheels.wheel("demand_model", "99.0"))
    upstream.add("acme-secret", wheels.wheel("acme_secret", "99.0"))
    database = Database(reserving.settings.database_url)

    async def look_twice() -> None:
        asked = Upstream(UpstreamIndex.at(upstream.url), timeout=5, retries=0)
        watch = OriginWatch(
            Origin(("acme-*",), [asked]), Origins(database), reserving.clock, reserving.settings.watch_interval
        )
        await watch.look()
        await watch.look()
        await asked.close()

    assert number_of_alarms(reserving) == 0
    anyio.run(look_twice)
    database.close()
    assert number_of_alarms(reserving) == 1
    page = reserving.client.get("/alarms/", auth=reserving.auth)
    assert page.headers["content-type"].startswith("text/html")
    assert '<a href="../simple/demand-model/">demand-model</a> has appeared upstream' in page.text
    assert "acme-secret" not in page.text
    assert call(reserving, "GET", "alarms")["alarms"] == [
        {"project": "demand-model", "since": "2026-11-23T10:00:00.000000Z"}
    ]
    assert caplog.text.count("ALARM: the private project demand-model has appeared upstream") == 1
    assert upstream.asked_for("/acme-secret/") == []
    assert reserving.page("demand-model")["versions"] == ["1.4.0"]


def test_patterns_that_would_reserve_everything_or_nothing_are_refused(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    for pattern in ("*", "Acme-*", "", "acme/*"):
        with pytest.raises(ValueError, match="not a pattern"):
            replace(settings, reserved=(pattern,))
