"""The JSON API of what happens to projects and files after their upload."""

from __future__ import annotations

from functools import partial

import anyio.to_thread
from packaging.version import InvalidVersion, Version
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.lifecycle import Lifecycle, Selection, Status
from wheelyard_registry.errors import InvalidField, NotFound
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import Fields, flag_of, json_object, project_of


class LifecycleRoutes:
    """Handlers of ``/api/v1/projects/{project}``. A path names a file, or all files of a release."""

    def __init__(self, access: Access, lifecycle: Lifecycle, files: Files, blobs: BlobStore, clock: Clock) -> None:
        self._access = access
        self._lifecycle = lifecycle
        self._files = files
        self._blobs = blobs
        self._clock = clock

    async def yank(self, request: Request) -> Response:
        """``POST .../yank``: installers pass the files by, unless one is pinned to them (PEP 592)."""
        chosen = await self._chosen(request)
        identity = await self._access.require(request, Right.YANK, chosen.project)
        reason = await _reason(request) or ""
        change = partial(self._lifecycle.yank, chosen, reason, at=self._clock(), by=identity.name)
        return JSONResponse({"files": await anyio.to_thread.run_sync(change), "yanked": reason or True})

    async def unyank(self, request: Request) -> Response:
        """``DELETE .../yank``."""
        chosen = await self._chosen(request)
        identity = await self._access.require(request, Right.YANK, chosen.project)
        change = partial(self._lifecycle.yank, chosen, None, at=self._clock(), by=identity.name)
        return JSONResponse({"files": await anyio.to_thread.run_sync(change), "yanked": False})

    async def quarantine(self, request: Request) -> Response:
        """``POST .../quarantine``: out of sight at once. Whoever may yank may do it; a leak does not wait."""
        chosen = await self._chosen(request)
        identity = await self._access.require(request, Right.YANK, chosen.project)
        reason = await _reason(request) or ""
        change = partial(self._lifecycle.quarantine, chosen, reason, at=self._clock(), by=identity.name)
        return JSONResponse({"files": await anyio.to_thread.run_sync(change), "quarantined": True})

    async def release(self, request: Request) -> Response:
        """``DELETE .../quarantine``: an administrator lets the files back."""
        chosen = await self._chosen(request)
        identity = await self._access.require(request, Right.ADMIN, chosen.project)
        change = partial(self._lifecycle.quarantine, chosen, None, at=self._clock(), by=identity.name)
        return JSONResponse({"files": await anyio.to_thread.run_sync(change), "quarantined": False})

    async def set_status(self, request: Request) -> Response:
        """``PUT .../status``: active, archived, deprecated; quarantined, in and out, by administrators."""
        project = project_of(request)
        identity = await self._access.require(request, Right.YANK, project)
        fields = Fields(await json_object(request), "status", "reason")
        text, reason = fields.text("status", required=True), fields.text("reason")
        known = {status.value: status for status in Status}
        if text is not None and text not in known:
            fields.problem(f"status {text!r} is none of {', '.join(sorted(known))}")
        fields.finish()
        status = known[str(text)]
        now = await anyio.to_thread.run_sync(self._files.project, project)
        if Status.QUARANTINED in {status, now.status if now is not None else None}:
            await self._access.require(request, Right.ADMIN, project)
        change = partial(self._lifecycle.set_status, project, status, reason, at=self._clock(), by=identity.name)
        await anyio.to_thread.run_sync(change)
        return JSONResponse({"project": project, "status": status.value, "reason": reason})

    async def delete(self, request: Request) -> Response:
        """``DELETE`` of a file or a release, ``?force=true`` even while it is deployed. Its names stay taken."""
        chosen = await self._chosen(request)
        identity = await self._access.require(request, Right.ADMIN, chosen.project)
        force, reason = flag_of(request, "force"), request.query_params.get("reason")
        if reason is not None and (len(reason) > 400 or not reason.isprintable()):
            raise InvalidField(["reason must be at most 400 printable characters"])

        def remove() -> tuple[str, ...]:
            digests = self._lifecycle.digests(chosen)
            names = self._lifecycle.delete(chosen, reason, force=force, at=self._clock(), by=identity.name)
            self._lifecycle.reclaim(digests, self._blobs.remove)
            return names

        return JSONResponse({"deleted": await anyio.to_thread.run_sync(remove)})

    async def _chosen(self, request: Request) -> Selection:
        project, filename = project_of(request), request.path_params.get("filename")
        if filename is not None:
            return Selection(project, filename=filename)
        text = str(request.path_params["version"])
        try:
            wanted = Version(text[:200])
        except InvalidVersion as error:
            raise NotFound(what=f"{project} {text}") from error
        known = await anyio.to_thread.run_sync(self._files.versions, project)
        stored = next((version for version in known if Version(version) == wanted), str(wanted))
        return Selection(project, version=stored)


async def _reason(request: Request) -> str | None:
    fields = Fields(await json_object(request), "reason")
    reason = fields.text("reason")
    fields.finish()
    return reason
