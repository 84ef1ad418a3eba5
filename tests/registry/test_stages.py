"""Configured stages: which there are, what they take, and what speaks against a deployment."""

from __future__ import annotations

import httpx
import pytest
from tests.registry import wheels
from tests.registry.conftest import Registry
from tests.registry.test_bases_api import accept, base, lock

NOT_AS_BUILT = (
    "base-b must be locked and built anew for demand-model: demand-model requires numpy<2, the base has 2.1.0; "
    "~ numpy 2.1.0 -> 1.26.4 (demand-model); - pandas 2.2.0"
)

OLD, NEW = lock(numpy="1.26.4"), lock(numpy="2.1.0", pandas="2.2.0")


@pytest.fixture
def released(registry: Registry) -> Registry:
    """A registry with one model that wants an old numpy, and two accepted bases in production."""
    for name, version in (("numpy", "1.26.4"), ("numpy", "2.1.0"), ("pandas", "2.2.0"), ("scipy", "1.14.0")):
        registry.upload(wheels.wheel(name, version))
    requires = ["numpy<2", 'scipy; extra == "fast"', 'colorama; sys_platform == "win32"']
    registry.upload(wheels.wheel(requires=requires))
    accept(registry, base("base-a", OLD, "demand-model"), base("base-b", NEW, "churn"))
    return registry


def configure(registry: Registry, name: str = "prod", **given: object) -> httpx.Response:
    """Configure a stage as the administrator."""
    body = {"order": 1, **given}
    return registry.client.request("PUT", f"/api/v1/stages/{name}", json=body, auth=registry.auth)


def deploy(registry: Registry, action: str = "", **given: object) -> httpx.Response:
    """Send a change of the model."""
    body = {"model": "demand-model", **given}
    return registry.client.post(f"/api/v1/deployments{action}", json=body, auth=registry.auth)


def record(registry: Registry, **given: object) -> httpx.Response:
    """Record the model in production."""
    return deploy(registry, "", **{"version": "1.4.0", "stage": "prod", **given})


def test_stages_are_listed_in_their_order(registry: Registry) -> None:
    configure(registry, "prod", order=20, max_bases=3, promoted_only=True, admission="block")
    configure(registry, "staging", order=10, python="3.12")
    stages = registry.client.get("/api/v1/stages").json()["stages"]
    assert [stage["name"] for stage in stages] == ["staging", "prod"]
    assert stages[1] == {
        "name": "prod",
        "order": 20,
        "python": "3.11",
        "platform": "manylinux_2_28_x86_64",
        "max_bases": 3,
        "promoted_only": True,
        "admission": "block",
    }
    assert registry.client.request("DELETE", "/api/v1/stages/prod", auth=registry.auth).status_code == 200
    assert registry.client.request("DELETE", "/api/v1/stages/prod", auth=registry.auth).status_code == 404
    kinds = [event["kind"] for event in registry.client.get("/api/v1/audit", auth=registry.auth).json()["events"]]
    assert kinds[-3:] == ["stage-set", "stage-set", "stage-removed"]


def test_once_stages_are_configured_others_are_refused(released: Registry) -> None:
    assert record(released, stage="prd").status_code == 201
    configure(released)
    answer = record(released, stage="prd")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-stage")
    assert answer.json()["hint"].startswith("its stages are prod;")
    retired = deploy(released, "/retire", stage="prd")
    assert retired.status_code == 201


def test_a_stage_may_take_only_what_runs_in_the_one_before(released: Registry) -> None:
    configure(released, "staging", order=1, promoted_only=True)
    configure(released, "prod", order=2, promoted_only=True)
    answer = record(released)
    assert (answer.status_code, answer.json()["code"]) == (409, "not-promoted")
    assert answer.json()["message"] == "prod takes only what runs in staging, and demand-model 1.4.0 does not"
    assert record(released, stage="staging").status_code == 201
    assert deploy(released, "/promote", **{"from": "staging", "to": "prod"}).status_code == 201


def test_a_stage_gives_its_fleet_the_target_and_the_limit(released: Registry) -> None:
    configure(released, python="3.12", platform="manylinux_2_34_x86_64", max_bases=2)
    fleet = released.client.get("/api/v1/fleet?stage=prod").json()["fleet"]
    assert fleet["target"] == {"python": "3.12", "platform": "manylinux_2_34_x86_64"}
    assert fleet["max-bases"] == 2


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("base-a", []),
        ("base-b", [NOT_AS_BUILT]),
        ("base-c", ["base-c is not an accepted base; accepted here: base-a, base-b"]),
        (None, ["it names no base; accepted here: base-a, base-b"]),
    ],
)
def test_a_base_that_does_not_take_the_model_is_noted(released: Registry, named: str | None, found: list[str]) -> None:
    configure(released, admission="warn")
    assert record(released, base=named).json()["warnings"] == found
    event = released.client.get("/api/v1/audit", auth=released.auth).json()["events"][-1]
    assert event["facts"].get("warnings", []) == found


def test_a_package_that_the_base_lacks_is_noted(released: Registry) -> None:
    released.upload(wheels.wheel(version="1.5.0", requires=["scipy>=1"]))
    configure(released, admission="warn")
    answer = record(released, version="1.5.0", base="base-a")
    assert answer.json()["warnings"] == [
        (
            "base-a must be locked and built anew for demand-model: demand-model requires scipy>=1, the base does not "
            "have it; - numpy 1.26.4; + scipy 1.14.0 (demand-model)"
        )
    ]


def test_a_yanked_release_and_another_python_are_noted(released: Registry) -> None:
    metadata = b"Metadata-Version: 2.1\nName: demand-model\nVersion: 1.5.0\nRequires-Python: >=3.12\n"
    released.upload(wheels.wheel(version="1.5.0", metadata=metadata))
    path = "/api/v1/projects/demand-model/releases/1.5.0/yank"
    released.client.post(path, json={"reason": "wrong units"}, auth=released.auth)
    configure(released, admission="warn")
    assert record(released, version="1.5.0", base="base-a").json()["warnings"] == [
        "demand-model 1.5.0 is yanked: wrong units",
        (
            "demand-model cannot be installed at all: Because demand-model requires Python >=3.12 and "
            "cp311-manylinux_2_28_x86_64 has 3.11.18, demand-model cannot be installed on cp311-manylinux_2_28_x86_64."
        ),
    ]


def test_a_stage_that_blocks_records_nothing(released: Registry) -> None:
    configure(released, admission="block")
    answer = record(released, base="base-b")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-admitted")
    assert answer.json()["message"] == f"prod does not admit demand-model 1.4.0: {NOT_AS_BUILT}"
    assert answer.json()["detail"].startswith(answer.json()["message"])
    assert released.client.get("/api/v1/deployments?history=true").json()["deployments"] == []
    assert record(released, base="base-a").status_code == 201


def test_what_is_off_is_not_looked_at(released: Registry) -> None:
    configure(released)
    assert record(released, base="base-b").json()["warnings"] == []


def test_all_that_is_wrong_with_a_stage_is_said(registry: Registry) -> None:
    answer = configure(registry, order=-1, python="three", admission="maybe", max_bases=0, colour="red")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")
    for problem in ("order must be", "the target is none", "admission 'maybe'", "max_bases must be", "'colour'"):
        assert problem in answer.json()["message"]
