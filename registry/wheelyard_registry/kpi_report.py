"""The figures of a registry's fleet, gathered from its catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from wheelyard_registry.catalogue.audit import time_text
from wheelyard_registry.catalogue.bases import Bases
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.deployments import Choice, Deployment, Deployments
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.deployed_lines import lines_of
from wheelyard_registry.kpi import HostedModel, Period, figures


class KpiReport:
    """Figures of all stages or of one, over all that was recorded, or before and after a time."""

    def __init__(self, deployments: Deployments, bases: Bases, files: Files, clock: Clock) -> None:
        self._deployments = deployments
        self._bases = bases
        self._files = files
        self._clock = clock

    def periods(self, stage: str | None, split: dt.datetime | None = None) -> tuple[Period, ...]:
        """One period that ends now; with ``split``, the one before and the one since."""
        now = self._clock()
        history = self._deployments.history(Choice(stage))
        first = min((each.since for each in history), default=now)
        bounds = [("all", first, now)]
        if split is not None:
            split = min(split, now)
            bounds = [("before", min(first, split), split), ("after", split, now)]
        uploads = self._files.first_uploads({each.model for each in history})
        found = []
        for name, since, until in bounds:
            running = self._deployments.running(Choice(stage), at=until)
            hosted = self._hosted(running, until)
            last = name != "before"
            found.append(figures(name, since, until, history, running, uploads, hosted, last=last))
        return tuple(found)

    def _hosted(self, running: Iterable[Deployment], at: dt.datetime) -> list[HostedModel]:
        running = tuple(running)
        metadata = self._files.metadata_of_releases({(each.model, each.version) for each in running})
        homes = {
            (stage, key): base
            for stage in {each.stage for each in running}
            if (standing := self._bases.accepted(stage, at)) is not None
            for base in standing.bases
            for key in base.models
        }
        found = []
        for each in running:
            base = homes.get((each.stage, each.key))
            if base is not None:
                packages = self._bases.packages(base.lock)
                lines = lines_of(each, metadata.get((each.model, each.version)))
                found.append(HostedModel((each.stage, base.name), packages, frozenset(name for name, _ in lines)))
        return found


def period_document(period: Period) -> dict[str, object]:
    """A period as the API shows it."""
    lead_time = period.lead_time
    return {
        "name": period.name,
        "since": time_text(period.since),
        "until": time_text(period.until),
        "models": period.models,
        "deployments": period.deployments,
        "deployments_per_month": period.per_month,
        "lead_time_seconds": None if lead_time is None else lead_time.total_seconds(),
        "bases": period.bases,
        "hosted": period.hosted,
        "bases_per_model": period.bases_per_model,
        "base_bytes": period.base_bytes,
        "separate_bytes": period.separate_bytes,
        "rates": [{"month": each.month, "team": each.team, "deployments": each.deployments} for each in period.rates],
    }
