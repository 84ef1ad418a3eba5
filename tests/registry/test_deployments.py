"""What runs where and since when: promotion, retirement, times, repeated and concurrent requests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from tests.registry import wheels
from tests.registry.conftest import Clock, Registry, running

from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.deployments import Choice, Deployments, Place, Release, Request
from wheelyard_registry.deployment_errors import NotDeployed
from wheelyard_registry.settings import Settings

IMAGE = f"registry.example/demand@sha256:{'ab' * 32}"


@pytest.fixture
def released(registry: Registry) -> Registry:
    """A registry with three releases of one model."""
    for version in ("1.0", "1.1", "1.2"):
        registry.upload(wheels.wheel(version=version))
    return registry


def send(registry: Registry, action: str = "", **body: object) -> httpx.Response:
    """Send a change of the model."""
    path = f"/api/v1/deployments{action}"
    return registry.client.post(path, json={"model": "demand-model", **body}, auth=registry.auth)


def listed(registry: Registry, query: str = "") -> list[dict[str, Any]]:
    """The deployments of an answer."""
    found = registry.client.get(f"/api/v1/deployments{query}").json()["deployments"]
    assert isinstance(found, list)
    return found


def test_promotion_takes_everything_along(released: Registry) -> None:
    details = {"base": "base-a", "image": IMAGE, "commit": "0123abc", "data_version": "2026-10", "owner": "forecasting"}
    send(released, version="1.1", stage="staging", **details)
    answer = send(released, "/promote", **{"from": "staging", "to": "prod"}, deployed_by="anna")
    assert answer.status_code == 201
    promoted = answer.json()
    assert {name: promoted[name] for name in details} == details
    assert (promoted["version"], promoted["stage"], promoted["deployed_by"]) == ("1.1", "prod", "anna")
    assert {row["stage"] for row in listed(released)} == {"staging", "prod"}


def test_what_is_retired_no_longer_runs_and_its_history_stays(released: Registry) -> None:
    send(released, version="1.0", stage="prod")
    answer = send(released, "/retire", stage="prod")
    assert (answer.status_code, answer.json()["retired"]) == (201, True)
    assert listed(released) == []
    assert [row["retired"] for row in listed(released, "?history=true&model=Demand_Model")] == [False, True]
    send(released, version="1.0", stage="prod")
    assert len(listed(released)) == 1


@pytest.mark.parametrize(
    ("action", "body"), [("/retire", {"stage": "prod"}), ("/promote", {"from": "prod", "to": "live"})]
)
def test_what_does_not_run_cannot_be_retired_or_promoted(released: Registry, action: str, body: dict[str, str]) -> None:
    answer = send(released, action, **body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-deployed")
    assert answer.json()["message"] == "demand-model is not deployed in prod/default"


def test_the_past_is_told_as_it_was_also_when_it_was_recorded_later(released: Registry) -> None:
    send(released, version="1.2", stage="prod", at="2026-11-20T00:00:00Z")
    send(released, version="1.0", stage="prod", at="2026-11-01T00:00:00Z")
    send(released, version="1.1", stage="prod", at="2026-11-10T00:00:00+01:00")
    at = {
        hour: [row["version"] for row in listed(released, f"?at=2026-11-{hour}:30:00Z")]
        for hour in ("01T00", "09T22", "09T23", "19T23")
    }
    assert at == {"01T00": ["1.0"], "09T22": ["1.0"], "09T23": ["1.1"], "19T23": ["1.1"]}
    assert listed(released, "?at=2026-10-01T00:00:00Z") == []
    assert [row["version"] for row in listed(released)] == ["1.2"]


def test_a_time_in_the_future_is_refused_and_a_clock_a_little_ahead_is_not(released: Registry) -> None:
    answer = send(released, version="1.0", stage="prod", at="2026-11-24T00:00:00Z")
    assert (answer.status_code, answer.json()["code"]) == (422, "future-time")
    assert answer.json()["message"] == (
        "2026-11-24T00:00:00.000000Z is in the future: this registry's clock says 2026-11-23T10:00:00.000000Z"
    )
    assert listed(released) == []
    ahead = send(released, version="1.0", stage="prod", at="2026-11-23T10:00:30Z")
    assert ahead.json()["since"] == "2026-11-23T10:00:00.000000Z"


def test_what_will_run_nobody_is_told(released: Registry) -> None:
    """A question about a time that has not come is a mistake, not about what runs now."""
    send(released, version="1.0", stage="prod")
    for path in ("deployments?", "fleet?stage=prod&"):
        answer = released.client.get(f"/api/v1/{path}at=2026-11-24T00:00:00Z")
        assert (answer.status_code, answer.json()["code"]) == (422, "future-time")
        assert released.client.get(f"/api/v1/{path}at=2026-11-23T10:00:30Z").status_code == 200


def test_lines_that_a_model_was_recorded_with_stay_those_of_its_release(registry: Registry) -> None:
    """A model without a package is deployed again, elsewhere, without stating them again; another version is not."""
    send(registry, model="churn", version="1.8.0", stage="staging", requires=["numpy<2"])
    again = send(registry, model="churn", version="1.8", stage="prod", base="base-a")
    assert (again.json()["version"], again.json()["requires"]) == ("1.8.0", ["numpy<2"])
    assert send(registry, model="churn", version="1.9", stage="prod").json()["code"] == "unknown-release"


def test_what_is_recorded_last_supersedes_even_if_the_clock_went_back(released: Registry) -> None:
    send(released, version="1.0", stage="prod")
    released.clock.forward(hours=-1)
    send(released, version="1.1", stage="prod")
    assert [row["version"] for row in listed(released)] == ["1.1"]


def test_a_repeated_request_changes_nothing(released: Registry) -> None:
    first = send(released, version="1.0", stage="prod", idempotency_key="run-7")
    released.clock.forward(minutes=1)
    again = send(released, version="1.0", stage="prod", idempotency_key="run-7")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert len(listed(released, "?history=true")) == 1


def test_a_key_that_came_with_another_request_is_refused(released: Registry) -> None:
    send(released, version="1.0", stage="prod", idempotency_key="run-7")
    for action, body in (("", {"version": "1.1", "stage": "prod"}), ("/retire", {"stage": "prod"})):
        answer = send(released, action, **body, idempotency_key="run-7")
        assert (answer.status_code, answer.json()["code"]) == (409, "key-reused")
    assert len(listed(released, "?history=true")) == 1


def test_every_change_is_in_the_audit_log(released: Registry) -> None:
    send(released, version="1.0", stage="staging", commit="0123abc", at="2026-11-22T00:00:00Z")
    send(released, "/promote", **{"from": "staging", "to": "prod"})
    send(released, "/retire", stage="staging")
    events = released.client.get("/api/v1/audit", auth=released.auth).json()["events"][-3:]
    assert [(event["kind"], event["subject"], event["facts"]["stage"]) for event in events] == [
        ("deployed", "demand-model==1.0", "staging"),
        ("deployed", "demand-model==1.0", "prod"),
        ("retired", "demand-model==1.0", "staging"),
    ]
    assert events[0]["facts"]["since"] == "2026-11-22T00:00:00.000000Z"
    assert events[1]["facts"]["promoted_from"] == "staging"
    assert events[1]["facts"]["commit"] == "0123abc"


def test_pages_bring_every_deployment_once(released: Registry) -> None:
    slots = [f"slot-{number}" for number in range(7)]
    for slot in slots:
        send(released, version="1.0", stage="prod", slot=slot)
    found, following = [], 0
    while following is not None:
        answer = released.client.get(f"/api/v1/deployments?stage=prod&limit=3&after={following}").json()
        assert len(answer["deployments"]) <= 3
        found += [row["slot"] for row in answer["deployments"]]
        following = answer["next"]
    assert found == slots


def test_concurrent_records_lose_nothing(tmp_path: Path) -> None:
    """Of two servers on one catalogue, thirty changes at the same time: all are kept, one after another."""
    where = Settings(data=tmp_path / "data", upstreams=())
    with running(where, Clock()) as one:
        for version in ("1.0", "1.1"):
            one.upload(wheels.wheel(version=version))
        other = Database(one.settings.database_url)
        second = Deployments(other, one.clock)

        def change(number: int) -> None:
            version = f"1.{number % 2}"
            if number % 3:
                place = Place(canonicalize_name("demand-model"), "prod", "default")
                second.record(place, Release(version), None, Request("token:other", str(number), key=str(number)))
            else:
                send(one, version=version, stage="prod", idempotency_key=str(number))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(change, range(30)))
        rows = second.history(Choice("prod"))
        assert len(rows) == 30
        assert [row.serial for row in rows] == list(range(rows[0].serial, rows[0].serial + 30))
        (now,) = second.running(Choice("prod"))
        assert now == rows[-1]
        other.close()


def test_one_request_sent_by_many_at_once_is_recorded_once(released: Registry) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: send(released, version="1.0", stage="prod", idempotency_key="run-7"), range(16))
        )
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len(listed(released, "?history=true")) == 1


_Step = tuple[bool, int, int]
_STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 5)), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(steps=_STEPS)
def test_what_ran_at_a_time_is_what_a_replay_up_to_then_says(released: Registry, steps: Sequence[_Step]) -> None:
    """For any order of recording: (retire or record, version, day)."""
    database = Database(released.settings.database_url)
    deployments = Deployments(database, released.clock)
    # A slot of its own for every example: the registry is shared by all of them.
    place = Place(canonicalize_name("demand-model"), "law", f"s{len(deployments.history(Choice('law')))}")
    done: list[tuple[int, int, str | None]] = []
    for number, (retires, minor, day) in enumerate(steps):
        request = Request("token:law", "", at=_day(day))
        try:
            if retires:
                deployments.retire(place, request)
            else:
                deployments.record(place, Release(f"1.{minor}"), None, request)
            done.append((day, number, None if retires else f"1.{minor}"))
        except NotDeployed:
            assert retires
            assert _replayed(done, day) is None
    for day in range(6):
        found = deployments.running(Choice("law", slot=place.slot), at=_day(day))
        assert [row.version for row in found] == [version for version in [_replayed(done, day)] if version]
    database.close()


def _day(number: int) -> dt.datetime:
    return dt.datetime(2026, 11, 1 + number, tzinfo=dt.timezone.utc)


def _replayed(done: Sequence[tuple[int, int, str | None]], day: int) -> str | None:
    """The version that the changes up to a day leave, done in the order of their days."""
    version = None
    for at, _, version_then in sorted(done, key=lambda change: change[:2]):
        if at <= day:
            version = version_then
    return version
