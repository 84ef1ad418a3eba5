"""What a Prometheus server may know of the registry: numbers, no names, so that it needs no credentials."""

from __future__ import annotations

from collections.abc import Iterator

import anyio.to_thread
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from wheelyard_registry.catalogue.audit import AuditLog
from wheelyard_registry.catalogue.origins import Origins
from wheelyard_registry.checks import Checks
from wheelyard_registry.cooldown import Cooldown
from wheelyard_registry.kpi import Period
from wheelyard_registry.kpi_report import KpiReport


class _Alarms(Collector):
    """Asks the catalogue when it is asked: every replica then tells the same."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The one number."""
        met = len(self._origins.alarms())
        yield GaugeMetricFamily("wheelyard_names_met_upstream", "Private names that have appeared upstream.", value=met)


class _Young(Collector):
    """What the cooldown does, or would do, to the pages that this process has made."""

    def __init__(self, cooldown: Cooldown) -> None:
        self._cooldown = cooldown

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The one number."""
        text = "Upstream files too young to be served, on the pages made so far; a dry run serves them."
        yield GaugeMetricFamily("wheelyard_cooldown_young_files", text, value=self._cooldown.counted)


class _Kpis(Collector):
    """The figures of the whole fleet, over all that was recorded: made anew when the audit log has grown."""

    def __init__(self, report: KpiReport, log: AuditLog) -> None:
        self._report = report
        self._log = log
        self._made: tuple[int, Period] | None = None

    def _period(self) -> Period:
        # Asked for before the figures are made: what is recorded meanwhile then makes them once more.
        serial = self._log.head().serial
        if self._made is None or self._made[0] != serial:
            (period,) = self._report.periods(None)
            self._made = (serial, period)
        return self._made[1]

    def collect(self) -> Iterator[Metric]:
        """A number for each figure that is known."""
        period = self._period()
        yield CounterMetricFamily("wheelyard_deployments", "Deployments recorded.", value=period.deployments)
        lead_time = period.lead_time
        for name, text, value in (
            ("models_deployed", "Model packages that run.", period.models),
            (
                "deployment_lead_time_seconds",
                "Median time from the upload of a release to its first deployment.",
                None if lead_time is None else lead_time.total_seconds(),
            ),
            ("bases", "Accepted bases that host deployments.", period.bases),
            ("hosted_deployments", "Deployments that accepted bases host.", period.hosted),
            ("base_bytes", "Wheels of those bases, each base once.", period.base_bytes),
            ("separate_bytes", "Wheels of those deployments with an image each.", period.separate_bytes),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"wheelyard_{name}", text, value=value)


class MetricsRoute:
    """``GET /metrics``, in the text format of Prometheus."""

    def __init__(
        self, origins: Origins, report: KpiReport, log: AuditLog, cooldown: Cooldown | None, checks: Checks
    ) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Alarms(origins))
        self._registry.register(_Kpis(report, log))
        checks.register(self._registry)
        if cooldown is not None:
            self._registry.register(_Young(cooldown))

    async def metrics(self, _: Request) -> Response:
        """All numbers as they are now."""
        body = await anyio.to_thread.run_sync(generate_latest, self._registry)
        return Response(body, headers={"Content-Type": CONTENT_TYPE_LATEST})
