"""The upload route: recognise the sender, read the form while it arrives, hand it to pypiserver in a worker thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.admission import Admission
from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.errors import RegistryError
from wheelyard_registry.identity import Right
from wheelyard_registry.ingest import CheckNeeded, Outcome, ProofNeeded, Sender
from wheelyard_registry.legacy import LegacyForm
from wheelyard_registry.origin import Origin
from wheelyard_registry.receiving import Body, drain, storing
from wheelyard_registry.upload_form import FormReader

STAGE = "wheelyard-stage"
"""The header that says for which stage an upload is meant."""


class UploadRoute:
    """``POST /`` and ``POST /legacy/``: the legacy upload API, as twine, uv publish, poetry, flit and hatch use it."""

    def __init__(
        self,
        access: Access,
        finder: Finder,
        legacy: LegacyForm,
        blobs: BlobStore,
        *,
        limit: int,
        threads: int,
    ) -> None:
        self._access = access
        self._finder = finder
        self._legacy = legacy
        self._blobs = blobs
        self._limit = limit
        self._pool = anyio.CapacityLimiter(threads)

    async def __call__(self, request: Request) -> Response:
        """Answer 200 when the file is visible and durable, also if it already was with the same bytes."""
        try:
            outcome, warnings = await self._upload(request)
        except ClientDisconnect:
            # Nobody is left to read an answer; the status only appears in the log.
            return Response(status_code=400)
        except RegistryError:
            await drain(request)
            raise
        said = "stored" if outcome is Outcome.STORED else "already here, with the same contents"
        return PlainTextResponse("".join(f"{line}\n" for line in (said, *warnings)))

    async def _upload(self, request: Request) -> tuple[Outcome, tuple[str, ...]]:
        identity = await self._access.require_somewhere(request, Right.UPLOAD)
        body = Body(request, self._limit)
        with FormReader(request.headers.get("content-type", ""), self._blobs.stage) as reader:
            await body.read(reader.feed)

            def take(sender: Sender) -> Outcome:
                storing(reader.feed, body.take_rest())
                return self._legacy.upload(reader.finish(), sender)

            sender = Sender(identity, stage=request.headers.get(STAGE))
            outcome, sender = await self._finder.complete(take, sender, self._pool)
        found = sender.solved.objections if sender.solved is not None else ()
        return outcome, tuple(f"warning: {objection}" for objection in found)


class Finder:
    """Finds out what an upload needs of others, while no worker thread waits for it."""

    def __init__(self, origin: Origin, admission: Admission) -> None:
        self._origin = origin
        self._admission = admission

    async def complete(
        self, take: Callable[[Sender], Outcome], sender: Sender, pool: anyio.CapacityLimiter
    ) -> tuple[Outcome, Sender]:
        """Run ``take`` in a worker thread, and again with what it asked for: proof that a new name is free (see
        :mod:`.origin`), or what speaks against the release in its stage (see :mod:`.admission`)."""
        while True:
            try:
                return await anyio.to_thread.run_sync(take, sender, limiter=pool), sender
            except ProofNeeded as needed:
                await self._origin.prove_free(needed.project)
                sender = replace(sender, proven=needed.project)
            except CheckNeeded as needed:
                sender = replace(sender, solved=await self._admission.of_upload(needed.stage, needed.release))
