"""The JSON API of cooldown waivers."""

from __future__ import annotations

from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.catalogue.audit import time_text
from wheelyard_registry.catalogue.cooldowns import Cooldowns, Waiver
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.errors import NotFound
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import Fields, json_object, project_of


class CooldownRoutes:
    """Handlers of ``/api/v1/projects/{project}/cooldown-waiver`` and ``/api/v1/cooldown-waivers``."""

    def __init__(self, access: Access, cooldowns: Cooldowns, clock: Clock) -> None:
        self._access = access
        self._cooldowns = cooldowns
        self._clock = clock

    async def waive(self, request: Request) -> Response:
        """``PUT .../cooldown-waiver``: serve young files of a project until a time. Needs a reason; it is audited."""
        project = project_of(request)
        identity = await self._access.require(request, Right.ADMIN, project)
        fields = Fields(await json_object(request), "until", "reason")
        until, reason, now = fields.time("until"), fields.text("reason", required=True), self._clock()
        if until is None or until <= now:
            fields.problem("until must be a time to come")
        fields.finish()
        assert until is not None
        waiver = Waiver(project, until, str(reason), identity.name)
        await anyio.to_thread.run_sync(partial(self._cooldowns.waive, waiver, at=now))
        return JSONResponse(_shown(waiver))

    async def end(self, request: Request) -> Response:
        """``DELETE .../cooldown-waiver``."""
        project = project_of(request)
        identity = await self._access.require(request, Right.ADMIN, project)
        ending = partial(self._cooldowns.end_waiver, project, at=self._clock(), by=identity.name)
        if not await anyio.to_thread.run_sync(ending):
            raise NotFound(what=f"a cooldown waiver of {project}", hint="GET /api/v1/cooldown-waivers lists them")
        return JSONResponse({"project": project, "ended": True})

    async def waivers(self, request: Request) -> Response:
        """``GET /api/v1/cooldown-waivers``: all of them, expired ones too."""
        await self._access.require_everywhere(request, Right.ADMIN)
        found = await anyio.to_thread.run_sync(self._cooldowns.waivers)
        return JSONResponse({"waivers": [_shown(waiver) for waiver in found]})


def _shown(waiver: Waiver) -> dict[str, str]:
    return {
        "project": waiver.project,
        "until": time_text(waiver.until),
        "reason": waiver.reason,
        "by": waiver.by,
    }
