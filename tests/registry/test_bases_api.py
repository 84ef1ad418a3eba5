"""Accepted bases in the registry: what is accepted, what the fleet says of them, which lock a deployment runs on."""

from __future__ import annotations

import hashlib
from typing import Any

import httpx
import pytest
import tomli_w
from tests.registry import wheels
from tests.registry.conftest import Registry

from wheelyard_cli.fleet_file import parse_fleet


def lock(**versions: str) -> str:
    """A lock that pins these projects."""
    packages = [
        {
            "name": name,
            "version": version,
            "wheels": [
                {
                    "name": f"{name.replace('-', '_')}-{version}-py3-none-any.whl",
                    "url": f"https://files.example/{name}-{version}-py3-none-any.whl",
                    "size": 1000 * len(name),
                    "hashes": {"sha256": "0" * 64},
                }
            ],
        }
        for name, version in versions.items()
    ]
    return tomli_w.dumps({"lock-version": "1.0", "created-by": "tests", "packages": packages})


def base(name: str, text: str, *models: str) -> dict[str, object]:
    """A base as a request brings it."""
    revision = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    return {"name": name, "revision": revision, "models": list(models), "lock": text}


def accept(registry: Registry, *bases: dict[str, object], stage: str = "prod") -> httpx.Response:
    """Accept bases as the administrator."""
    body = {"snapshot": f"sha256:{'5' * 64}", "bases": list(bases)}
    return registry.client.request("PUT", f"/api/v1/stages/{stage}/bases", json=body, auth=registry.auth)


def deploy(registry: Registry, model: str = "demand-model", **given: object) -> dict[str, Any]:
    """Record a deployment; the answer's body."""
    body = {"model": model, "version": "1.4.0", "stage": "prod", **given}
    answer = registry.client.post("/api/v1/deployments", json=body, auth=registry.auth)
    assert answer.status_code == 201, answer.text
    document = answer.json()
    assert isinstance(document, dict)
    return document


@pytest.fixture
def released(registry: Registry) -> Registry:
    """A registry with two models."""
    registry.upload(wheels.wheel())
    registry.upload(wheels.wheel("churn"))
    return registry


OLD, NEW = lock(numpy="1.26.4"), lock(numpy="2.1.0", pandas="2.2.0")


def digest(text: str) -> str:
    """The sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def test_what_is_accepted_is_told_and_its_locks_are_kept(released: Registry) -> None:
    answer = accept(released, base("base-b", NEW, "churn"), base("base-a", OLD, "demand-model"))
    assert answer.status_code == 200, answer.text
    told = released.client.get("/api/v1/stages/prod/bases").json()
    assert told == answer.json()
    assert [(each["name"], each["lock"]) for each in told["bases"]] == [
        ("base-a", digest(OLD)),
        ("base-b", digest(NEW)),
    ]
    assert released.client.get(f"/api/v1/locks/{digest(NEW)}").json()["text"] == NEW


def test_the_same_bases_again_change_nothing(released: Registry) -> None:
    first = accept(released, base("base-a", OLD, "demand-model")).json()
    released.clock.forward(hours=1)
    assert accept(released, base("base-a", OLD, "demand-model")).json() == first
    assert accept(released, base("base-a", NEW, "demand-model")).json()["serial"] == first["serial"] + 1


def test_an_acceptance_is_in_the_audit_log(released: Registry) -> None:
    accept(released, base("base-a", OLD, "demand-model"))
    event = released.client.get("/api/v1/audit", auth=released.auth).json()["events"][-1]
    assert (event["kind"], event["subject"]) == ("bases-accepted", "prod")
    assert event["facts"]["bases"] == {"base-a": f"sha256:{digest(OLD)}"}


def test_the_fleet_names_the_bases_of_what_runs_and_can_be_read(released: Registry) -> None:
    accept(released, base("base-a", OLD, "demand-model", "gone"), base("base-b", NEW, "churn@canary"))
    deploy(released)
    deploy(released, "churn", slot="canary")
    deploy(released, "churn")
    document = released.client.get("/api/v1/fleet?stage=prod").json()
    assert document["base"] == [
        {"name": "base-a", "models": ["demand-model"], "packages": ["numpy==1.26.4"]},
        {"name": "base-b", "models": ["churn@canary"], "packages": ["numpy==2.1.0", "pandas==2.2.0"]},
    ]
    fleet = parse_fleet(document, document="the registry")
    assert [(each.name, each.models, len(each.versions)) for each in fleet.bases] == [
        ("base-a", ("demand-model",), 1),
        ("base-b", ("churn@canary",), 2),
    ]


def test_a_deployment_keeps_the_lock_that_its_base_had_then(released: Registry) -> None:
    assert deploy(released, base="base-a")["lock"] is None
    accept(released, base("base-a", OLD, "demand-model"))
    then = released.clock.now.isoformat()
    assert deploy(released, base="base-a@sha256:" + "0" * 64)["lock"] == digest(OLD)
    released.clock.forward(days=1)
    accept(released, base("base-a", NEW, "demand-model"))
    assert deploy(released, base="base-a", slot="canary")["lock"] == digest(NEW)
    assert deploy(released, base="base-a", slot="late", at=then)["lock"] == digest(OLD)
    rows = released.client.get("/api/v1/deployments?stage=prod&slot=default").json()["deployments"]
    assert [row["lock"] for row in rows] == [digest(OLD)]


def test_accepting_is_for_administrators(released: Registry) -> None:
    made = {"label": "ci", "rights": ["upload"], "projects": ["*"]}
    token = released.client.post("/api/v1/tokens", json=made, auth=released.auth).json()["token"]
    body = {"snapshot": f"sha256:{'5' * 64}", "bases": []}
    answer = released.client.request("PUT", "/api/v1/stages/prod/bases", json=body, auth=("__token__", token))
    assert answer.status_code == 403


def test_all_that_is_wrong_with_bases_is_said(released: Registry) -> None:
    broken: dict[str, object] = {"name": "base a", "revision": "1", "models": "churn", "lock": "numpy==1"}
    answer = accept(released, base("base-b", OLD), broken, base("base-b", "lock-version = '1.0'"))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")
    for problem in ("bases[1]: name 'base a'", "bases[1]: revision", "bases[1]: models", "bases[1]: lock is not"):
        assert problem in answer.json()["message"]
    assert "bases[2]: name 'base-b' is that of another base too" in answer.json()["message"]
    assert released.client.get("/api/v1/stages/prod/bases").status_code == 404


@pytest.mark.parametrize("path", ["stages/prod/bases", "stages/a%20b/bases", "locks/nothing"])
def test_what_is_not_there_is_not_found(released: Registry, path: str) -> None:
    answer = released.client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
