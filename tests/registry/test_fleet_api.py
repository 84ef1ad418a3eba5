"""Deployments and the fleet, over the API and from the command line."""

from __future__ import annotations

import pytest
from tests.registry import wheels
from tests.registry.conftest import Registry


def record(registry: Registry, **given: object) -> object:
    """Record a deployment; the answer's body."""
    body = {"model": "demand-model", "version": "1.4.0", "stage": "prod", **given}
    response = registry.client.post("/api/v1/deployments", json=body, auth=registry.auth)
    return response.json()


@pytest.fixture
def deployed(registry: Registry) -> Registry:
    """A registry with two releases of one model, the first one in production."""
    registry.upload(wheels.wheel())
    registry.upload(wheels.wheel(version="1.5.0"))
    record(registry, owner="forecasting")
    return registry


def test_a_record_answers_with_the_deployment(deployed: Registry) -> None:
    answer = record(deployed, model="Demand_Model", version="1.5", slot="canary")
    assert isinstance(answer, dict)
    assert answer.pop("recorded_by")
    assert answer == {
        "serial": 5,
        "model": "demand-model",
        "version": "1.5.0",
        "stage": "prod",
        "slot": "canary",
        "owner": "forecasting",
        "base": None,
        "lock": None,
        "image": None,
        "commit": None,
        "data_version": None,
        "retired": False,
        "warnings": [],
        "requires": None,
        "since": "2026-11-23T10:00:00.000000Z",
        "deployed_by": None,
        "recorded_at": "2026-11-23T10:00:00.000000Z",
    }


def test_a_new_version_supersedes_and_the_history_stays(deployed: Registry) -> None:
    deployed.clock.forward(hours=1)
    record(deployed, version="1.5.0")
    record(deployed, stage="staging")
    current = deployed.client.get("/api/v1/deployments?stage=prod").json()["deployments"]
    assert [(row["version"], row["since"][:16]) for row in current] == [("1.5.0", "2026-11-23T11:00")]
    past = deployed.client.get("/api/v1/deployments?stage=prod&history=true").json()["deployments"]
    assert [row["version"] for row in past] == ["1.4.0", "1.5.0"]
    assert len(deployed.client.get("/api/v1/deployments").json()["deployments"]) == 2


def test_the_fleet_has_the_shape_of_a_fleet_file(deployed: Registry) -> None:
    record(deployed, version="1.5.0", slot="canary")
    document = deployed.client.get("/api/v1/fleet?stage=prod&python=3.12&platform=manylinux_2_34_x86_64").json()
    model = {"name": "demand-model", "owner": "forecasting"}
    assert document == {
        "fleet": {
            "name": "prod",
            "stage": "prod",
            "target": {"python": "3.12", "platform": "manylinux_2_34_x86_64"},
        },
        "model": [
            {**model, "version": "1.5.0", "slot": "canary", "package": "demand-model==1.5.0"},
            {**model, "version": "1.4.0", "slot": "default", "package": "demand-model==1.4.0"},
        ],
    }


def test_a_release_that_was_never_uploaded_cannot_be_deployed(deployed: Registry) -> None:
    body = {"model": "demand-model", "version": "2.0", "stage": "prod"}
    response = deployed.client.post("/api/v1/deployments", json=body, auth=deployed.auth)
    assert (response.status_code, response.json()["code"]) == (422, "unknown-release")
    assert response.json()["hint"] == "uploaded releases of demand-model: 1.4.0, 1.5.0"


def test_recording_needs_a_token(deployed: Registry) -> None:
    body = {"model": "demand-model", "version": "1.5.0", "stage": "prod"}
    assert deployed.client.post("/api/v1/deployments", json=body).status_code == 401


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ({}, ["model is missing", "version is missing", "stage is missing"]),
        ({"model": "-", "version": "x", "stage": "a b"}, ["model '-'", "version 'x'", "stage 'a b'"]),
        (
            {"model": 1, "version": "1", "stage": "p", "colour": "red"},
            ["model must be a string", "unknown field 'colour'"],
        ),
        ({"model": "m", "version": "1", "stage": "p", "owner": ""}, ["owner must be"]),
        (
            {
                "model": "m",
                "version": "1",
                "stage": "p",
                "base": "a@b",
                "image": "x:latest",
                "commit": "main",
                "at": "now",
            },
            ["base 'a@b' is not NAME", "image 'x:latest' is not sha256:DIGEST", "commit 'main'", "at must be a time"],
        ),
    ],
)
def test_bad_fields_are_all_named(registry: Registry, body: dict[str, object], problems: list[str]) -> None:
    response = registry.client.post("/api/v1/deployments", json=body, auth=registry.auth)
    assert response.status_code == 422
    assert [problem for problem in problems if problem not in response.json()["detail"]] == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(registry: Registry, content: bytes) -> None:
    response = registry.client.post("/api/v1/deployments", content=content, auth=registry.auth)
    assert (response.status_code, response.json()["code"]) == (400, "bad-request")


def test_bad_queries_are_refused(registry: Registry) -> None:
    assert registry.client.get("/api/v1/fleet").status_code == 422
    for query in (
        "history=perhaps",
        "at=yesterday",
        "limit=0",
        "limit=1001",
        "at=",
        "limit=x",
        "after=-1",
        "history=1&at=2026-01-01T00:00:00Z",
    ):
        assert registry.client.get(f"/api/v1/deployments?{query}").status_code == 422, query
