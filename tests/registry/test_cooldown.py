"""Young upstream files: on no page, at no address, until they are old enough or somebody answers for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import NormalizedName
from prometheus_client.parser import text_string_to_metric_families
from tests.registry import wheels
from tests.registry.api import api, call, token
from tests.registry.conftest import Clock, Registry, running
from tests.registry.fake_upstream import FakeUpstream
from tests.registry.wheels import Built

from wheelyard_registry.catalogue.bases import AcceptedBase, Bases, lock_digest
from wheelyard_registry.catalogue.cooldowns import Cooldowns
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.mirror import FileFacts, Mirror
from wheelyard_registry.settings import Settings
from wheelyard_registry.upstream_files import source_of
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_resolver.page import DistributionFile

# The clock of a test starts at 2026-11-23 10:00.
YOUNG = "2026-11-20T10:00:00Z"


def settings(folder: Path, upstream: FakeUpstream) -> Settings:
    upstreams = (UpstreamIndex.at(upstream.url),)
    base = Settings(data=folder / "data", upstreams=upstreams, upstream_retries=0, anonymous_read=True)
    return replace(base, cooldown=Clock().now - Clock().now.replace(day=16))


@pytest.fixture
def cooling(tmp_path: Path, upstream: FakeUpstream) -> Iterator[Registry]:
    """A registry that serves upstream files once they are seven days old."""
    with running(settings(tmp_path, upstream), Clock()) as started:
        yield started


def release(upstream: FakeUpstream, version: str, uploaded: str | None) -> Built:
    built = upstream.add("six", wheels.wheel("six", version))
    upstream.uploaded[built.filename] = uploaded
    return built


def versions(registry: Registry) -> list[str]:
    found = registry.page("six")["versions"]
    assert isinstance(found, list)
    return found


def young_files(registry: Registry) -> float:
    families = text_string_to_metric_families(registry.client.get("/metrics").text)
    (sample,) = next(family for family in families if family.name == "wheelyard_cooldown_young_files").samples
    return float(sample.value)


def test_a_young_file_is_hidden_on_list_file_and_metadata(cooling: Registry, upstream: FakeUpstream) -> None:
    release(upstream, "1.0", "2024-01-01T00:00:00Z")
    young = release(upstream, "2.0", YOUNG)
    assert versions(cooling) == ["1.0"]
    for ending in ("", ".metadata"):
        refused = cooling.client.get(f"/files/six/{young.filename}{ending}")
        assert (refused.status_code, refused.json()["code"]) == (403, "cooling-down")
        assert refused.json()["message"] == (
            f"{young.filename} is younger than 7 days, so it is not served before 2026-11-27 10:00 UTC"
        )
    assert upstream.asked_for(young.filename) == []
    assert young_files(cooling) == 1


def test_it_is_served_from_the_moment_that_it_is_old_enough(cooling: Registry, upstream: FakeUpstream) -> None:
    young = release(upstream, "2.0", YOUNG)
    assert versions(cooling) == []
    cooling.clock.forward(days=4, seconds=-1)
    assert versions(cooling) == []
    cooling.clock.forward(seconds=1)
    assert versions(cooling) == ["2.0"]
    assert cooling.client.get(f"/files/six/{young.filename}").content == young.data


def test_a_file_of_unknown_age_counts_from_when_it_was_first_seen_here(
    cooling: Registry, upstream: FakeUpstream
) -> None:
    release(upstream, "1.0", None)
    assert versions(cooling) == []
    cooling.clock.forward(days=6)
    release(upstream, "2.0", None)
    assert versions(cooling) == []
    cooling.clock.forward(days=1)
    assert versions(cooling) == ["1.0"]
    with running(cooling.settings, cooling.clock, token=cooling.token) as restarted:
        assert versions(restarted) == ["1.0"]


def test_the_times_of_upload_of_first_sight_and_of_arrival_are_kept_apart(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    built = release(upstream, "1.0", "2024-01-01T00:00:00Z")
    seen = mirror.clock.now
    assert mirror.page("six")["files"][0]["upload-time"] == "2024-01-01T00:00:00.000000Z"
    mirror.clock.forward(days=2)
    assert mirror.client.get(f"/files/six/{built.filename}").content == built.data
    with closing(Database(mirror.settings.database_url)) as database:
        assert Cooldowns(database).first_seen(NormalizedName("six")) == {(built.filename, built.sha256): seen}
        (facts,) = Mirror(database, upstream.url).facts(NormalizedName("six")).values()
    assert facts.added_at == mirror.clock.now


def test_a_file_known_from_before_times_were_kept_counts_from_when_it_is_next_seen(
    cooling: Registry, upstream: FakeUpstream
) -> None:
    built = release(upstream, "1.0", None)
    url = upstream.url.replace("/simple/", f"/packages/{built.filename}")
    source = source_of(DistributionFile(built.filename, url, built.sha256))
    with closing(Database(cooling.settings.database_url)) as database:
        facts = FileFacts(metadata_sha256="")
        Mirror(database, upstream.url).learn(NormalizedName("six"), built.filename, source, facts)
    assert versions(cooling) == []
    cooling.clock.forward(days=7)
    assert versions(cooling) == ["1.0"]


def test_a_file_that_changed_under_its_name_is_a_new_one(cooling: Registry, upstream: FakeUpstream) -> None:
    built = release(upstream, "1.0", None)
    versions(cooling)
    cooling.clock.forward(days=8)
    assert versions(cooling) == ["1.0"]
    upstream.files["six"] = [wheels.wheel("six", "1.0", padding=9)]
    upstream.uploaded[built.filename] = None
    cooling.clock.forward(hours=1)
    assert versions(cooling) == []


def test_private_files_do_not_cool_down(cooling: Registry) -> None:
    cooling.upload(wheels.wheel())
    assert cooling.page("demand-model")["versions"] == ["1.4.0"]


def test_a_waiver_serves_young_files_until_it_ends(cooling: Registry, upstream: FakeUpstream) -> None:
    young = release(upstream, "2.0", YOUNG)
    assert versions(cooling) == []
    body = {"until": "2026-11-24T10:00:00Z", "reason": "the fix of CVE-2026-1"}
    shown = call(cooling, "PUT", "projects/six/cooldown-waiver", body)
    assert call(cooling, "GET", "cooldown-waivers") == {"waivers": [shown]}
    assert versions(cooling) == ["2.0"]
    assert cooling.client.get(f"/files/six/{young.filename}").content == young.data
    cooling.clock.forward(days=1)
    assert versions(cooling) == []
    assert cooling.client.get(f"/files/six/{young.filename}").status_code == 403
    kinds = [event["kind"] for event in call(cooling, "GET", "audit")["events"]]
    assert "cooldown-waived" in kinds


def test_a_waiver_can_be_ended(cooling: Registry, upstream: FakeUpstream) -> None:
    release(upstream, "2.0", YOUNG)
    call(cooling, "PUT", "projects/six/cooldown-waiver", {"until": "2027-01-01T00:00:00Z", "reason": "r"})
    assert versions(cooling) == ["2.0"]
    call(cooling, "DELETE", "projects/six/cooldown-waiver")
    assert versions(cooling) == []
    assert api(cooling, "DELETE", "projects/six/cooldown-waiver").status_code == 404


@pytest.mark.parametrize(
    "body", [{}, {"until": "2027-01-01T00:00:00Z"}, {"reason": "r"}, {"until": "2026-11-01T00:00:00Z", "reason": "r"}]
)
def test_a_waiver_needs_a_reason_and_an_end_to_come(cooling: Registry, body: dict[str, str]) -> None:
    assert api(cooling, "PUT", "projects/six/cooldown-waiver", body).status_code == 422


def test_waivers_are_for_administrators(cooling: Registry) -> None:
    body = {"until": "2027-01-01T00:00:00Z", "reason": "r"}
    scoped = ("__token__", token(cooling, "yank"))
    assert api(cooling, "PUT", "projects/six/cooldown-waiver", body, auth=scoped).status_code == 403


def test_files_of_an_accepted_lock_stay_served(cooling: Registry, upstream: FakeUpstream) -> None:
    locked, other = release(upstream, "2.0", YOUNG), release(upstream, "3.0", YOUNG)
    assert versions(cooling) == []
    lock = (
        'lock-version = "1.0"\ncreated-by = "t"\n[[packages]]\nname = "six"\nversion = "2.0"\n'
        f'[[packages.wheels]]\nurl = "https://x/{locked.filename}"\nhashes = {{sha256 = "{locked.sha256}"}}\n'
    )
    database = Database(cooling.settings.database_url)
    base = AcceptedBase("base-1", "r1", ("m",), lock_digest(lock))
    Bases(database, cooling.clock).accept("prod", "s", [base], [lock], by="test")
    database.close()
    assert versions(cooling) == ["2.0"]
    assert cooling.client.get(f"/files/six/{locked.filename}").content == locked.data
    assert cooling.client.get(f"/files/six/{other.filename}").status_code == 403


def test_a_dry_run_hides_nothing_and_counts(tmp_path: Path, upstream: FakeUpstream) -> None:
    young = release(upstream, "2.0", YOUNG)
    release(upstream, "1.0", "2024-01-01T00:00:00Z")
    with running(replace(settings(tmp_path, upstream), cooldown_dry_run=True), Clock()) as registry:
        assert versions(registry) == ["1.0", "2.0"]
        assert registry.client.get(f"/files/six/{young.filename}").content == young.data
        assert young_files(registry) == 1


def test_without_a_cooldown_young_files_are_served(mirror: Registry, upstream: FakeUpstream) -> None:
    release(upstream, "2.0", YOUNG)
    assert versions(mirror) == ["2.0"]
