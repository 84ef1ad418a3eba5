"""Origins: the JSON API of overlays and alarms, and the page of alarms."""

from __future__ import annotations

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.alarm_page import alarm_page
from wheelyard_registry.catalogue.audit import time_text
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.origins import Origins
from wheelyard_registry.errors import InvalidField
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import Fields, json_object, project_of
from wheelyard_registry.origin import Origin


class OriginRoutes:
    """Handlers of ``/api/v1/projects/{project}/overlay`` and ``/api/v1/alarms``; ``/alarms/`` for people."""

    def __init__(self, access: Access, origin: Origin, origins: Origins, clock: Clock) -> None:
        self._access = access
        self._origin = origin
        self._origins = origins
        self._clock = clock

    async def set_overlay(self, request: Request) -> Response:
        """``PUT .../overlay``: let a name show private and upstream files together. Needs a reason; it is audited."""
        project = project_of(request)
        identity = await self._access.require(request, Right.ADMIN, project)
        fields = Fields(await json_object(request), "overlay", "reason")
        wanted, reason = fields.flag("overlay"), fields.text("reason", required=True)
        fields.finish()
        if wanted and self._origin.reserves(project):
            raise InvalidField([f"{project} is reserved, so it never shows upstream's files"])
        await anyio.to_thread.run_sync(
            lambda: self._origins.set_overlay(project, str(reason), on=wanted, at=self._clock(), by=identity.name)
        )
        return JSONResponse({"project": project, "overlay": wanted})

    async def alarms(self, request: Request) -> Response:
        """``GET /api/v1/alarms``: private names that have appeared upstream."""
        await self._access.require_everywhere(request, Right.ADMIN)
        found = await anyio.to_thread.run_sync(self._origins.alarms)
        return JSONResponse(
            {"alarms": [{"project": alarm.project, "since": time_text(alarm.met_at)} for alarm in found]}
        )

    async def alarm_page(self, request: Request) -> Response:
        """``GET /alarms/``: the same as a page; a browser asks for the password or token."""
        await self._access.require_everywhere(request, Right.ADMIN)
        found = await anyio.to_thread.run_sync(self._origins.alarms)
        return HTMLResponse(alarm_page(found), headers={"Cache-Control": "no-store"})
