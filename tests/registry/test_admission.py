"""Admission by solving: what a stage takes of uploads and deployments, and what becomes of what nobody could tell."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.registry import wheels
from tests.registry.api import api, call
from tests.registry.child_processes import children_of
from tests.registry.conftest import Clock, Registry, running
from tests.registry.test_bases_api import accept, base, deploy, lock

from wheelyard_registry.settings import Settings

REFUSED = (
    "new-model cannot join base-a (1 model): Because new-model requires numpy>=2 [METADATA of new-model 1.0] and "
    "demand-model requires numpy<2 [METADATA of demand-model 1.4.0], demand-model and new-model cannot be installed "
    "together."
)


def stocked(registry: Registry) -> Registry:
    """One model, deployed in production, on the one accepted base."""
    for version in ("1.26.4", "2.1.0"):
        registry.upload(wheels.wheel("numpy", version))
    registry.upload(wheels.wheel(requires=["numpy<2"]))
    deploy(registry)
    accept(registry, base("base-a", lock(numpy="1.26.4"), "demand-model"))
    return registry


@pytest.fixture
def fleet(registry: Registry) -> Registry:
    return stocked(registry)


@pytest.fixture
def hurried(tmp_path: Path) -> Iterator[Registry]:
    """The same in a registry that gives no check the time it needs."""
    settings = Settings(data=tmp_path / "data", upstreams=(), anonymous_read=True, check_deadline=0.001)
    with running(settings, Clock()) as registry:
        yield stocked(registry)


def admit(registry: Registry, mode: str) -> None:
    """Configure production."""
    call(registry, "PUT", "stages/prod", {"order": 1, "admission": mode})


def upload(registry: Registry, *requires: str, stage: str | None = None) -> httpx.Response:
    """Upload a new model, for a stage if one is named."""
    built = wheels.wheel("new_model", "1.0", requires=requires)
    files = {"content": (built.filename, built.data)}
    headers = {} if stage is None else {"Wheelyard-Stage": stage}
    return registry.client.post(
        "/", data={":action": "file_upload"}, files=files, headers=headers, auth=("__token__", registry.token)
    )


# -- uploads --------------------------------------------------------------------------------------------------------


def test_an_upload_that_would_need_a_new_base_is_refused_with_the_explanation(fleet: Registry) -> None:
    """And nothing of it is kept."""
    admit(fleet, "block")
    answer = upload(fleet, "numpy>=2", stage="prod")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-admitted")
    assert answer.json()["message"] == f"prod does not admit new-model 1.0: {REFUSED}"
    assert answer.json()["detail"].startswith(answer.json()["message"])
    assert fleet.client.get("/simple/new-model/").status_code == 404
    assert len(fleet.stored_files()) == 3
    assert upload(fleet, "numpy", stage="prod").text == "stored\n"


def test_a_warning_is_shown_and_recorded(fleet: Registry) -> None:
    """The file is there."""
    admit(fleet, "warn")
    assert upload(fleet, "numpy>=2", stage="prod").text == f"stored\nwarning: {REFUSED}\n"
    event = call(fleet, "GET", "audit?after=0")["events"][-1]
    assert (event["kind"], event["facts"]["warnings"]) == ("file-added", [REFUSED])
    assert fleet.client.get("/simple/new-model/").status_code == 200


def test_an_upload_for_no_stage_is_not_checked(fleet: Registry) -> None:
    """Nor one for a stage that does not want it."""
    admit(fleet, "block")
    assert upload(fleet, "numpy>=2").text == "stored\n"
    admit(fleet, "off")
    fleet.upload(wheels.wheel("another", "1"))
    assert upload(fleet, "numpy>=2", stage="prod").text == "already here, with the same contents\n"


def test_a_project_may_say_for_which_stage_its_uploads_are(fleet: Registry) -> None:
    """Clients cannot send a header."""
    admit(fleet, "block")
    call(fleet, "PUT", "projects/demand-model/stage", {"stage": "prod"})
    refused = fleet.upload(wheels.wheel(version="2.0", requires=["numpy>=3"]))
    assert (refused.status_code, refused.json()["code"]) == (409, "not-admitted")
    call(fleet, "PUT", "projects/demand-model/stage", {"stage": None})
    assert fleet.upload(wheels.wheel(version="2.0", requires=["numpy>=3"])).status_code == 200


def test_a_stage_that_is_none_is_refused(fleet: Registry) -> None:
    """A typing error must not let an upload pass unchecked."""
    admit(fleet, "block")
    for answer in (
        upload(fleet, "numpy", stage="prd"),
        api(fleet, "PUT", "projects/demand-model/stage", {"stage": "prd"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-stage")
    assert api(fleet, "PUT", "projects/nothing/stage", {"stage": "prod"}).status_code == 404


# -- deployments ----------------------------------------------------------------------------------------------------


def test_a_promotion_is_held_against_the_base_in_its_new_stage(fleet: Registry) -> None:
    """What is fine in staging may not be in production."""
    call(fleet, "PUT", "stages/staging", {"order": 0})
    admit(fleet, "block")
    upload(fleet, "numpy>=2")
    given = {"model": "new-model", "version": "1.0", "stage": "staging", "base": "base-a"}
    call(fleet, "POST", "deployments", given)
    answer = api(fleet, "POST", "deployments/promote", {"model": "new-model", "from": "staging", "to": "prod"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not-admitted")
    assert REFUSED in answer.json()["message"]


def test_a_model_without_a_package_is_checked_by_its_lines(fleet: Registry) -> None:
    """It has no METADATA that could be read."""
    admit(fleet, "warn")
    given = {"model": "in-house", "version": "1", "stage": "prod", "base": "base-a", "requires": ["numpy>=3"]}
    (warning,) = call(fleet, "POST", "deployments", given)["warnings"]
    assert warning.startswith("in-house cannot be installed at all: ")


# -- in time --------------------------------------------------------------------------------------------------------


def test_what_is_not_decided_in_time_is_recorded_as_not_checked(hurried: Registry) -> None:
    """Where a stage only warns."""
    admit(hurried, "warn")
    given = {"model": "demand-model", "version": "1.4.0", "stage": "prod", "base": "base-a"}
    (warning,) = call(hurried, "POST", "deployments", given)["warnings"]
    assert warning == "not checked: the check was not decided: it took longer than 0.001 seconds"


def test_a_stage_that_blocks_takes_nothing_that_is_not_checked(hurried: Registry) -> None:
    """It says so, and when to come again; nothing is kept."""
    admit(hurried, "block")
    answer = upload(hurried, "numpy", stage="prod")
    assert (answer.status_code, answer.json()["code"]) == (503, "undecided")
    assert int(answer.headers["retry-after"]) > 0
    assert hurried.client.get("/simple/new-model/").status_code == 404


def test_a_check_beyond_its_deadline_is_undecided(hurried: Registry) -> None:
    """And the next one has a worker again; none is left behind."""
    before = children_of(os.getpid())
    for _ in range(2):
        answer = api(hurried, "POST", "check", {"stage": "prod"})
        assert (answer.status_code, answer.json()["code"]) == (503, "undecided")
        assert int(answer.headers["retry-after"]) > 0
        assert children_of(os.getpid()) == before


def test_more_checks_than_may_wait_are_refused(tmp_path: Path) -> None:
    """Here none may, and the one worker is at its first check, for which it has to start."""
    settings = Settings(
        data=tmp_path / "data", upstreams=(), anonymous_read=True, check_workers=1, check_queue=0, check_deadline=60
    )
    with running(settings, Clock()) as registry, ThreadPoolExecutor() as threads:
        first = threads.submit(api, registry, "POST", "check", {"stage": "prod"})
        while "wheelyard_checks_solving 1.0" not in registry.client.get("/metrics").text:
            assert not first.done()
        answer = api(registry, "POST", "check", {"stage": "prod"})
        assert (answer.status_code, answer.json()["code"]) == (429, "busy")
        assert int(answer.headers["retry-after"]) > 0
        assert first.result().status_code == 200
