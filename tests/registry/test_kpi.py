"""The figures of a fleet: over all time, before and after a date, as metrics."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import tomli_w
from starlette.applications import Starlette
from starlette.routing import Route
from tests.registry import wheels
from tests.registry.conftest import Registry
from tests.registry.in_process import client_of
from tests.registry.test_bases_api import accept, base, deploy

from wheelyard_cli import kpi_text
from wheelyard_registry.catalogue.audit import AuditLog
from wheelyard_registry.catalogue.bases import Bases
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.deployments import Deployments
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.origins import Origins
from wheelyard_registry.checks import Checks
from wheelyard_registry.kpi import Period
from wheelyard_registry.kpi_report import KpiReport
from wheelyard_registry.metrics import MetricsRoute


def locked(name: str, version: str, size: int, *needs: str) -> dict[str, Any]:
    """A package of a lock, whose one wheel has a size."""
    filename = f"{name}-{version}-py3-none-any.whl"
    url = f"https://files.example/{filename}"
    file = {"name": filename, "url": url, "size": size, "hashes": {"sha256": "0" * 64}}
    return {"name": name, "version": version, "dependencies": [{"name": each} for each in needs], "wheels": [file]}


LOCK = tomli_w.dumps(
    {
        "lock-version": "1.0",
        "created-by": "tests",
        "packages": [
            locked("numpy", "2.1.0", 1000),
            locked("pandas", "2.2.0", 500, "numpy"),
            locked("requests", "2.32.0", 30),
        ],
    }
)


@pytest.fixture
def fleet(registry: Registry) -> Registry:
    """Three models on one base: deployed in November by two teams, again in December by one."""
    registry.upload(wheels.wheel(requires=["pandas"]))
    registry.upload(wheels.wheel("churn", requires=["numpy>=2", "requests"]))
    registry.upload(wheels.wheel("alone"))
    accept(registry, base("base-a", LOCK, "demand-model", "churn"))
    registry.clock.forward(hours=2)
    deploy(registry, owner="forecasting")
    registry.clock.forward(hours=2)
    deploy(registry, "churn", owner="crm")
    registry.clock.forward(days=10)
    deploy(registry, "alone", owner="crm")
    deploy(registry, "churn", slot="canary")
    registry.clock.forward(days=10)
    return registry


def ask(registry: Registry, query: str = "") -> list[dict[str, Any]]:
    """The periods of an answer."""
    answer = registry.client.get(f"/api/v1/kpi{query}")
    assert answer.status_code == 200, answer.text
    periods = answer.json()["periods"]
    assert isinstance(periods, list)
    return periods


def test_figures_over_all_time(fleet: Registry) -> None:
    (period,) = ask(fleet)
    assert period == {
        "name": "all",
        "since": "2026-11-23T12:00:00.000000Z",
        "until": "2026-12-13T14:00:00.000000Z",
        "models": 3,
        "deployments": 4,
        "deployments_per_month": 4.0,
        "lead_time_seconds": 4 * 3600.0,
        "bases": 1,
        "hosted": 2,
        "bases_per_model": 0.5,
        "base_bytes": 1530,
        "separate_bytes": 1500 + 1030,
        "rates": [
            {"month": "2026-11", "team": "crm", "deployments": 1},
            {"month": "2026-11", "team": "forecasting", "deployments": 1},
            {"month": "2026-12", "team": "crm", "deployments": 2},
        ],
    }


def test_before_and_after_a_date(fleet: Registry) -> None:
    before, after = ask(fleet, "?split=2026-11-23T13:00:00Z")
    assert (before["name"], before["models"], before["deployments"], before["hosted"]) == ("before", 1, 1, 1)
    assert (before["separate_bytes"], before["lead_time_seconds"]) == (1500, 7200.0)
    assert (after["name"], after["models"], after["deployments"], after["hosted"]) == ("after", 3, 3, 2)
    (whole,) = ask(fleet)
    assert before["deployments"] + after["deployments"] == whole["deployments"]


def test_deployments_a_month_are_an_average_once_there_is_more_than_one(fleet: Registry) -> None:
    fleet.clock.forward(days=345)
    (period,) = ask(fleet)
    assert period["deployments_per_month"] == pytest.approx(4 / (365 + 2 / 24) * 365.25 / 12)


def test_before_the_first_record_nothing_ran(fleet: Registry) -> None:
    before, after = ask(fleet, "?split=2026-06-01T00:00:00Z")
    assert (before["models"], before["deployments"], before["hosted"]) == (0, 0, 0)
    assert (after["since"], after["deployments"]) == ("2026-06-01T00:00:00.000000Z", 4)


def test_a_stage_has_figures_of_its_own(fleet: Registry) -> None:
    deploy(fleet, stage="staging")
    (period,) = ask(fleet, "?stage=staging")
    assert (period["models"], period["deployments"], period["bases"], period["bases_per_model"]) == (1, 1, 0, None)


def test_what_is_retired_does_not_run_and_counts_as_no_deployment(fleet: Registry) -> None:
    fleet.client.post("/api/v1/deployments/retire", json={"model": "alone", "stage": "prod"}, auth=fleet.auth)
    (period,) = ask(fleet)
    assert (period["models"], period["deployments"]) == (2, 4)


def test_an_empty_registry_has_figures_too(registry: Registry) -> None:
    (period,) = ask(registry)
    assert (period["models"], period["deployments_per_month"], period["lead_time_seconds"]) == (0, 0.0, None)
    assert len(ask(registry, "?split=2020-01-01T00:00:00Z")) == 2
    assert registry.client.get("/api/v1/kpi?split=soon").status_code == 422


def test_prometheus_reads_the_same_figures(fleet: Registry) -> None:
    lines = fleet.client.get("/metrics").text.splitlines()
    told = dict(line.split(" ") for line in lines if not line.startswith(("#", "wheelyard_check")))
    assert told.pop("wheelyard_names_met_upstream") == "0.0"
    assert told == {
        "wheelyard_deployments_total": "4.0",
        "wheelyard_models_deployed": "3.0",
        "wheelyard_deployment_lead_time_seconds": "14400.0",
        "wheelyard_bases": "1.0",
        "wheelyard_hosted_deployments": "2.0",
        "wheelyard_base_bytes": "1530.0",
        "wheelyard_separate_bytes": "2530.0",
    }


class Counting(KpiReport):
    """Knows how often it was asked."""

    asked = 0

    def periods(self, stage: str | None, split: dt.datetime | None = None) -> tuple[Period, ...]:
        self.asked += 1
        return super().periods(stage, split)


def test_a_scrape_makes_figures_anew_only_after_an_event(fleet: Registry) -> None:
    """Whatever they depend on is recorded with one."""
    database = Database(fleet.settings.database_url)
    deployments, bases, files = Deployments(database, fleet.clock), Bases(database, fleet.clock), Files(database)
    report = Counting(deployments, bases, files, fleet.clock)
    metrics = MetricsRoute(Origins(database), report, AuditLog(database), None, Checks(fleet.settings))
    with client_of(Starlette(routes=[Route("/metrics", metrics.metrics)])) as client:
        for _ in range(3):
            assert "wheelyard_models_deployed 3.0" in client.get("/metrics").text
        assert report.asked == 1
        fleet.client.post("/api/v1/deployments/retire", json={"model": "alone", "stage": "prod"}, auth=fleet.auth)
        assert "wheelyard_models_deployed 2.0" in client.get("/metrics").text
        assert report.asked == 2
    database.close()


def test_the_figures_as_text(fleet: Registry) -> None:
    answer = fleet.client.get("/api/v1/kpi?split=2026-11-23T13:00:00Z").json()
    assert kpi_text.as_text(answer) == (
        "                                          BEFORE     AFTER\n"
        "models deployed                           1          3\n"
        "deployments                               1          3\n"
        "deployments a month                       1.0        3.0\n"
        "lead time, upload to deployment (median)  2.0 hours  5.2 days\n"
        "bases                                     1          1\n"
        "bases per model                           1.00       0.50\n"
        "wheels of the bases                       1.5 kB     1.5 kB\n"
        "wheels with one image per model           1.5 kB     2.5 kB\n"
        "\n"
        "MONTH    TEAM         DEPLOYMENTS\n"
        "2026-11  forecasting  1\n"
        "2026-11  crm          1\n"
        "2026-12  crm          2\n"
    )


def test_the_figures_as_csv(fleet: Registry) -> None:
    lines = kpi_text.as_csv(fleet.client.get("/api/v1/kpi").json()).splitlines()
    assert lines[:3] == ["period,figure,month,team,value", "all,models,,,3", "all,deployments,,,4"]
    assert lines[-1] == "all,deployments,2026-12,crm,2"
