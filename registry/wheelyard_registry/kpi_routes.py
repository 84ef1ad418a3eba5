"""The JSON API of the figures of the fleet."""

from __future__ import annotations

from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import time_of
from wheelyard_registry.kpi_report import KpiReport, period_document


class KpiRoutes:
    """Handler of ``/api/v1/kpi``."""

    def __init__(self, access: Access, report: KpiReport) -> None:
        self._access = access
        self._report = report

    async def kpi(self, request: Request) -> Response:
        """``GET /api/v1/kpi?stage=&split=``: the figures over all time, or before and after a time."""
        await self._access.require_somewhere(request, Right.READ)
        stage, split = request.query_params.get("stage") or None, time_of(request, "split")
        periods = await anyio.to_thread.run_sync(partial(self._report.periods, stage, split))
        return JSONResponse({"stage": stage, "periods": [period_document(period) for period in periods]})
