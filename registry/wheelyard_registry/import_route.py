"""Taking over files that were uploaded to another index: as they are, with the time of their first upload."""

from __future__ import annotations

import datetime as dt

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.distribution import parse_filename
from wheelyard_registry.errors import BadRequest, RegistryError
from wheelyard_registry.identity import Right
from wheelyard_registry.ingest import Claims, Ingest, Outcome, Sender
from wheelyard_registry.json_body import project_of
from wheelyard_registry.receiving import Body, drain, storing
from wheelyard_registry.solved import NOT_ASKED
from wheelyard_registry.upload import Finder
from wheelyard_resolver.page import parse_time

UPLOADED_AT = "wheelyard-uploaded-at"
"""The header that says when the file was first uploaded, in ISO 8601. Left out: now."""


class ImportRoute:
    """``PUT /api/v1/projects/{project}/files/{filename}``: the body is the file. For administrators.

    It goes the way of every upload: the same checks, the same rule about names.
    """

    def __init__(
        self, access: Access, finder: Finder, ingest: Ingest, blobs: BlobStore, clock: Clock, *, limit: int
    ) -> None:
        self._access = access
        self._finder = finder
        self._ingest = ingest
        self._blobs = blobs
        self._clock = clock
        self._limit = limit
        self._pool = anyio.CapacityLimiter(4)

    async def __call__(self, request: Request) -> Response:
        """Answer 201 for a new file, 200 for one that is here already with the same bytes."""
        try:
            outcome = await self._import(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except RegistryError:
            await drain(request)
            raise
        stored = outcome is Outcome.STORED
        return JSONResponse({"outcome": outcome.value}, status_code=201 if stored else 200)

    async def _import(self, request: Request) -> Outcome:
        project, filename = project_of(request), str(request.path_params["filename"])
        identity = await self._access.require(request, Right.ADMIN, project)
        if parse_filename(filename).project != project:
            raise BadRequest(f"{filename} is not a file of {project}")
        uploaded_at, body = self._moment(request), Body(request, self._limit)
        with self._blobs.stage() as staged:
            await body.read(staged.write)

            def take(sender: Sender) -> Outcome:
                storing(staged.write, body.take_rest())
                staged.flush()
                return self._ingest.take(filename, staged, Claims(), sender=sender, uploaded_at=uploaded_at)

            # What is taken over has been released elsewhere: it is for no stage yet.
            outcome, _ = await self._finder.complete(take, Sender(identity, solved=NOT_ASKED), self._pool)
            return outcome

    def _moment(self, request: Request) -> dt.datetime | None:
        text = request.headers.get(UPLOADED_AT)
        if text is None:
            return None
        try:
            moment = parse_time(text)
        except (ValueError, OverflowError) as error:
            raise BadRequest(f"{UPLOADED_AT} is not a time: {text!r}") from error
        if moment > self._clock():
            raise BadRequest(f"{UPLOADED_AT} is in the future: {text!r}")
        return moment
