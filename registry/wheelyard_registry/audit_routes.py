"""The JSON API of the audit log."""

from __future__ import annotations

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.catalogue.audit import AuditLog
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import count_of

PAGE = 1000
"""Entries of one answer."""


class AuditRoutes:
    """Handlers of ``/api/v1/audit``, for administrators of everything."""

    def __init__(self, access: Access, log: AuditLog) -> None:
        self._access = access
        self._log = log

    async def entries(self, request: Request) -> Response:
        """``GET /api/v1/audit?after=SERIAL``: the next entries, at most a page of them."""
        await self._access.require_everywhere(request, Right.ADMIN)
        after = count_of(request, "after", 0)
        found = await anyio.to_thread.run_sync(self._log.entries, after, PAGE)
        return JSONResponse({"events": [event.as_json() for event in found]})

    async def head(self, request: Request) -> Response:
        """``GET /api/v1/audit/head``: the newest entry's serial and link."""
        await self._access.require_everywhere(request, Right.ADMIN)
        head = await anyio.to_thread.run_sync(self._log.head)
        return JSONResponse({"serial": head.serial, "link": head.link})
