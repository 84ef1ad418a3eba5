"""The JSON API of checks."""

from __future__ import annotations

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.stages import Stages
from wheelyard_registry.check_requests import read_check
from wheelyard_registry.checks import Checks
from wheelyard_registry.deployment_errors import UnknownStage
from wheelyard_registry.errors import Forbidden
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import json_object
from wheelyard_resolver.report import to_document


class CheckRoutes:
    """Handlers of ``/api/v1/check``. Whoever asks about a project must be allowed to read it."""

    def __init__(self, access: Access, checks: Checks, stages: Stages, clock: Clock) -> None:
        self._access = access
        self._checks = checks
        self._stages = stages
        self._clock = clock

    async def check(self, request: Request) -> Response:
        """``POST /api/v1/check``: may a candidate join the fleet of a stage; without one, how the fleet stands."""
        identity = await self._access.require_somewhere(request, Right.READ)
        asked = read_check(await json_object(request), self._clock())
        for project in sorted(asked.projects):
            if not identity.may(Right.READ, project):
                raise Forbidden(right=Right.READ.value, project=project)
        if asked.check.stage is not None:
            await anyio.to_thread.run_sync(self._require_stage, asked.check.stage)
        report = await self._checks.ask(asked.check)
        return JSONResponse(to_document(report))

    def _require_stage(self, stage: str) -> None:
        known = [each.name for each in self._stages.configured()]
        if known and stage not in known:
            raise UnknownStage(stage=stage, known=known)
