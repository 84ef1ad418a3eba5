"""The upload route: recognise the sender, read the form while it arrives, hand it to pypiserver in a worker thread."""

from __future__ import annotations

from collections.abc import Callable

import anyio.to_thread
from packaging.utils import NormalizedName
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.errors import RegistryError
from wheelyard_registry.identity import Right
from wheelyard_registry.ingest import Outcome, ProofNeeded, Sender
from wheelyard_registry.legacy import LegacyForm
from wheelyard_registry.origin import Origin
from wheelyard_registry.receiving import Body, drain, storing
from wheelyard_registry.upload_form import FormReader


class UploadRoute:
    """``POST /`` and ``POST /legacy/``: the legacy upload API, as twine, uv publish, poetry, flit and hatch use it."""

    def __init__(
        self, access: Access, origin: Origin, legacy: LegacyForm, blobs: BlobStore, *, limit: int, threads: int
    ) -> None:
        self._access = access
        self._origin = origin
        self._legacy = legacy
        self._blobs = blobs
        self._limit = limit
        self._pool = anyio.CapacityLimiter(threads)

    async def __call__(self, request: Request) -> Response:
        """Answer 200 when the file is visible and durable, also if it already was with the same bytes."""
        try:
            outcome = await self._upload(request)
        except ClientDisconnect:
            # Nobody is left to read an answer; the status only appears in the log.
            return Response(status_code=400)
        except RegistryError:
            await drain(request)
            raise
        return PlainTextResponse("stored\n" if outcome is Outcome.STORED else "already here, with the same contents\n")

    async def _upload(self, request: Request) -> Outcome:
        identity = await self._access.require_somewhere(request, Right.UPLOAD)
        body = Body(request, self._limit)
        with FormReader(request.headers.get("content-type", ""), self._blobs.stage) as reader:
            await body.read(reader.feed)

            def take(proven: NormalizedName | None) -> Outcome:
                if proven is None:
                    storing(reader.feed, body.rest)
                return self._legacy.upload(reader.finish(), Sender(identity, proven))

            return await with_proof(take, self._origin, self._pool)


async def with_proof(
    take: Callable[[NormalizedName | None], Outcome], origin: Origin, pool: anyio.CapacityLimiter
) -> Outcome:
    """Run ``take`` in a worker thread; once more with proof if a new name needs some (see :mod:`.origin`).

    The proof is a question to another server: it is asked while no worker waits for it.
    """
    try:
        return await anyio.to_thread.run_sync(take, None, limiter=pool)
    except ProofNeeded as needed:
        await origin.prove_free(needed.project)
        return await anyio.to_thread.run_sync(take, needed.project, limiter=pool)
