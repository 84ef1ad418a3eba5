"""Checks that the server answers: what may be asked, what comes back, and what is seen when something changes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.registry import wheels
from tests.registry.api import api, call, token
from tests.registry.conftest import Registry
from tests.registry.test_bases_api import accept, base, deploy, lock

from wheelyard_resolver.report import from_document


@pytest.fixture
def fleet(registry: Registry) -> Registry:
    """A registry with one model, deployed, that wants an old numpy and has it in its accepted base."""
    for version in ("1.26.4", "2.1.0"):
        registry.upload(wheels.wheel("numpy", version))
    registry.upload(wheels.wheel(requires=["numpy<2"]))
    deploy(registry)
    accept(registry, base("base-a", lock(numpy="1.26.4"), "demand-model"))
    return registry


def check(registry: Registry, *requires: str, **given: object) -> Any:
    """The document of the report on bare requirements in production."""
    lines = {"requires": [{"requirement": text} for text in requires]} if requires else {}
    return call(registry, "POST", "check", {"stage": "prod", **lines, **given})


def test_every_kind_of_candidate_has_its_answer(fleet: Registry) -> None:
    """Requirements, a release, a project by its metadata; and the fleet itself."""
    assert check(fleet, "numpy<2")["verdict"] == "fits: candidate fits into base-a as it is built"
    again = check(fleet, release="demand-model==1.4.0")
    assert again["verdict"] == "fits: demand-model 1.4.0 (in place of 1.4.0) fits into base-a as it is built"
    project = check(
        fleet,
        name="Demand_Model",
        version="2.0",
        requires=[
            {"requirement": "numpy", "origin": "pyproject.toml:7"},
            {"requirement": "numpy>=2", "extra": "new", "origin": "pyproject.toml:9"},
        ],
        provides_extra=["new"],
        extras=["new"],
    )
    assert project["level"] == "rebuild"
    assert project["findings"][0]["requirements"][0]["origin"] == "pyproject.toml:9"
    assert check(fleet)["verdict"] == "prod (prod): 1 model needs 1 base, fewer is impossible (proved)"
    nowhere = call(fleet, "POST", "check", {"python": "3.12", "requires": [{"requirement": "numpy>=3"}]})
    assert nowhere["level"] == "not-installable"


def test_an_upload_and_a_yank_are_seen_by_the_next_check(fleet: Registry) -> None:
    """The worker stays warm meanwhile."""
    assert check(fleet, "numpy>=3")["level"] == "not-installable"
    fleet.upload(wheels.wheel("numpy", "3.0"))
    assert check(fleet, "numpy>=3")["level"] == "new-base"
    call(fleet, "POST", "projects/numpy/releases/3.0/yank", {"reason": "broken"})
    assert check(fleet, "numpy>=3")["level"] == "not-installable"


def test_a_deployment_and_an_acceptance_are_seen_by_the_next_check(fleet: Registry) -> None:
    """What runs and what is accepted is as of the check."""
    assert check(fleet, "numpy>=2")["level"] == "new-base"
    accept(fleet, base("base-a", lock(numpy="2.1.0"), "demand-model"))
    assert check(fleet, "numpy>=2")["level"] == "fits"
    call(fleet, "POST", "deployments/retire", {"model": "demand-model", "stage": "prod"})
    assert check(fleet, "numpy>=2")["unknown"] == ["fits", "rebuild", "moves"]


def test_a_report_is_what_the_command_line_reads(fleet: Registry) -> None:
    """The level to fail at is the asker's."""
    strict = from_document(check(fleet, release="demand-model==1.4.0", fail_on="fits"))
    assert (strict.status, strict.level) == ("ok", "fits")
    assert from_document(check(fleet, "numpy>=2")).failed
    assert not from_document(check(fleet, "numpy>=2", fail_on="not-installable")).failed


def test_a_worker_counts_what_it_did(fleet: Registry) -> None:
    """By outcome, without names."""
    check(fleet, "numpy<2")
    api(fleet, "POST", "check", {"stage": "prod", "release": "demand-model==9"})
    metrics = fleet.client.get("/metrics").text
    assert 'wheelyard_check_seconds_count{outcome="fits"} 1.0' in metrics
    assert 'wheelyard_check_seconds_count{outcome="unusable-candidate"} 1.0' in metrics
    assert "wheelyard_checks_waiting 0.0" in metrics
    assert "wheelyard_checks_solving 0.0" in metrics


# -- refusals -------------------------------------------------------------------------------------------------------


def test_a_release_that_is_not_there_is_refused_with_those_that_are(fleet: Registry) -> None:
    """In the words of the command line."""
    answer = api(fleet, "POST", "check", {"stage": "prod", "release": "demand-model==9"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable-candidate")
    assert answer.json()["detail"] == "demand-model==9: the index has no demand-model 9 (hint: it has 1.4.0)"


def test_a_direct_reference_is_refused_wherever_it_stands(fleet: Registry) -> None:
    """The server reads nothing but its index."""
    given = {"stage": "prod", "requires": [{"requirement": "numpy @ https://files.example/numpy-1-py3-none-any.whl"}]}
    answer = api(fleet, "POST", "check", given)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")
    fleet.upload(wheels.wheel("other", "1", requires=["numpy @ https://files.example/numpy-1-py3-none-any.whl"]))
    answer = api(fleet, "POST", "check", {"stage": "prod", "release": "other==1"})
    assert answer.status_code == 422, answer.text
    assert "is a direct reference, which this registry does not read" in answer.json()["message"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "stage is missing, or python and platform"),
        ({"stage": "prod", "python": "two"}, "the target is none: "),
        ({"stage": "prod", "fail_on": "never"}, "fail_on 'never' is none of fits, "),
        ({"stage": "prod", "release": "numpy>=1"}, "release 'numpy>=1' is not of the form NAME==VERSION"),
        ({"stage": "prod", "release": "numpy==1", "requires": []}, "release stands beside fields of another candidate"),
        ({"stage": "prod", "requires": [{"requirement": "=="}]}, "requires[0]: requirement '==' is not a requirement"),
        ({"stage": "prod", "requires": ["numpy"]}, "requires must be a list of objects"),
        ({"stage": "prod", "name": "demand", "requires": []}, "version is missing"),
        ({"stage": "prod", "name": "demand"}, "requires is missing"),
        ({"stage": "prod", "requires": [], "extras": ["gpu"]}, "name and version are missing"),
        ({"stage": "prod", "time_limit": -1}, "time_limit must be a number, at least 0"),
    ],
)
def test_what_cannot_be_asked_is_told(registry: Registry, given: dict[str, object], problem: str) -> None:
    """Each without a worker."""
    answer = api(registry, "POST", "check", given)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")
    assert problem in answer.json()["message"]


def test_a_stage_that_is_not_configured_is_refused(fleet: Registry) -> None:
    """Once any is."""
    call(fleet, "PUT", "stages/staging", {"order": 1})
    answer = api(fleet, "POST", "check", {"stage": "prod"})
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-stage")


def test_whoever_may_not_read_a_project_may_not_ask_about_it(fleet: Registry) -> None:
    """A report tells versions."""
    auth = ("__token__", token(fleet, "read", projects=["other"]))
    given = {"stage": "prod", "requires": [{"requirement": "numpy"}]}
    assert api(fleet, "POST", "check", given, auth=auth).status_code == 403
    assert api(fleet, "POST", "check", {"stage": "prod", "release": "numpy==2.1.0"}, auth=auth).status_code == 403
