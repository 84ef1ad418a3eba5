"""Who uses a release, and who asks for a project."""

from __future__ import annotations

from typing import Any

import pytest
from tests.registry import wheels
from tests.registry.conftest import Registry
from tests.registry.test_bases_api import accept, base, deploy, digest, lock

OLD, NEW = lock(numpy="1.26.4"), lock(numpy="2.1.0", pandas="2.2.0")


@pytest.fixture
def fleet(registry: Registry) -> Registry:
    """Three models in production on two bases, of two owners; one of them in staging too."""
    registry.upload(wheels.wheel(requires=["numpy<2", 'scipy; extra == "fast"']))
    registry.upload(wheels.wheel("churn", requires=["NumPy>=2", "pandas"]))
    registry.upload(wheels.wheel("tariff", requires=["requests"]))
    accept(registry, base("base-a", OLD, "demand-model"), base("base-b", NEW, "churn", "tariff"))
    deploy(registry, base="base-a", owner="forecasting")
    deploy(registry, "churn", base="base-b", owner="crm")
    deploy(registry, "tariff", owner="sales")
    deploy(registry, "churn", stage="staging")
    return registry


def ask(registry: Registry, path: str) -> dict[str, Any]:
    """The answer to a GET."""
    answer = registry.client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert isinstance(document, dict)
    return document


def told(answer: dict[str, Any]) -> list[tuple[str, str, str, list[str]]]:
    """Stage, model and owner of each deployment, and why."""
    rows = [(entry["deployment"], entry["because"]) for entry in answer["deployments"]]
    return [(row["stage"], row["model"], row["owner"], because) for row, because in rows]


def test_who_uses_a_release_is_told_by_the_locks_of_what_runs(fleet: Registry) -> None:
    answer = ask(fleet, "who-uses?requirement=numpy==2.1")
    assert told(answer) == [("prod", "churn", "crm", ["numpy 2.1.0"])]
    assert answer["bases"] == [
        {
            "stage": "prod",
            "name": "base-b",
            "lock": digest(NEW),
            "models": ["churn", "tariff"],
            "owners": ["crm", "sales"],
            "because": ["numpy 2.1.0"],
        }
    ]
    both = ask(fleet, "who-uses?requirement=NumPy")
    assert [model for _, model, _, _ in told(both)] == ["demand-model", "churn"]
    assert [each["name"] for each in both["bases"]] == ["base-a", "base-b"]


def test_a_lock_that_is_superseded_still_counts_for_what_runs_on_it(fleet: Registry) -> None:
    accept(fleet, base("base-a", NEW, "demand-model"))
    answer = ask(fleet, "who-uses?requirement=numpy==1.26.4")
    assert (told(answer), answer["bases"]) == ([("prod", "demand-model", "forecasting", ["numpy 1.26.4"])], [])


def test_a_model_uses_its_own_release(fleet: Registry) -> None:
    answer = ask(fleet, "who-uses?requirement=churn==1.4.0")
    assert [(stage, because) for stage, _, _, because in told(answer)] == [
        ("prod", ["churn 1.4.0"]),
        ("staging", ["churn 1.4.0"]),
    ]
    assert len(ask(fleet, "who-uses?requirement=churn&stage=staging")["deployments"]) == 1


def test_who_requires_a_project_is_told_with_the_lines(fleet: Registry) -> None:
    assert told(ask(fleet, "who-requires?project=numpy&stage=prod")) == [
        ("prod", "demand-model", "forecasting", ["numpy<2"]),
        ("prod", "churn", "crm", ["NumPy>=2"]),
    ]
    assert told(ask(fleet, "who-requires?project=SciPy")) == [
        ("prod", "demand-model", "forecasting", ['scipy; extra == "fast"'])
    ]


def test_what_is_retired_is_not_concerned(fleet: Registry) -> None:
    body = {"model": "churn", "stage": "prod"}
    fleet.client.post("/api/v1/deployments/retire", json=body, auth=fleet.auth)
    assert ask(fleet, "who-uses?requirement=numpy==2.1.0")["deployments"] == []


@pytest.mark.parametrize(
    "query", ["who-uses", "who-uses?requirement=numpy%20two", "who-uses?requirement=a[b]", "who-requires?project=-"]
)
def test_a_question_that_cannot_be_read_is_refused(registry: Registry, query: str) -> None:
    answer = registry.client.get(f"/api/v1/{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-field")
