"""Receiving an upload: authenticate, stage the body once, hand it to pypiserver in a bounded pool of threads."""

from __future__ import annotations

import os
import secrets
from email.message import Message
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.blobs import CHUNK
from wheelyard_registry.errors import (
    BadRequest,
    BodyTooLarge,
    LengthMismatch,
    RefusedForm,
    RegistryError,
    StorageFull,
    UnfinishedForm,
)
from wheelyard_registry.identity import Right
from wheelyard_registry.ingest import Outcome
from wheelyard_registry.legacy import LegacyForm

DRAINED = 64 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away: many clients read the answer only after they have sent all."""


class UploadRoute:
    """``POST /`` and ``POST /legacy/``: the legacy upload API, as twine, uv publish, poetry, flit and hatch use it."""

    def __init__(self, access: Access, legacy: LegacyForm, staging: Path, *, limit: int, threads: int) -> None:
        self._access = access
        self._legacy = legacy
        self._staging = staging
        self._limit = limit
        self._pool = anyio.CapacityLimiter(threads)

    async def __call__(self, request: Request) -> Response:
        """Answer 200 when the file is visible and durable, also if it already was with the same bytes."""
        try:
            identity = await self._access.require_somewhere(request, Right.UPLOAD)
            announced = _announced(request, self._limit)
            boundary = _boundary(request)
        except RegistryError:
            await _drain(request)
            raise
        path = self._staging / f"{secrets.token_hex(16)}.form"
        try:
            await self._stage(request, path, announced)
            _require_end(path, boundary)
            content_type = request.headers["content-type"]
            outcome = await anyio.to_thread.run_sync(
                lambda: self._legacy.upload(path, content_type, sender=identity), limiter=self._pool
            )
        except ClientDisconnect:
            # Nobody is left to read an answer; the status only appears in the log.
            return Response(status_code=400)
        finally:
            path.unlink(missing_ok=True)
        return PlainTextResponse("stored\n" if outcome is Outcome.STORED else "already here, with the same contents\n")

    async def _stage(self, request: Request, path: Path, announced: int | None) -> None:
        received = 0
        try:
            with path.open("xb") as file:
                pending = bytearray()
                async for chunk in request.stream():
                    received += len(chunk)
                    if received > self._limit:
                        raise BodyTooLarge(limit=self._limit)
                    pending += chunk
                    if len(pending) >= CHUNK:
                        await _write(file, bytes(pending))
                        pending.clear()
                await _write(file, bytes(pending))
        except OSError as error:
            raise StorageFull(reason=os.strerror(error.errno) if error.errno else str(error)) from error
        if announced is not None and received != announced:
            raise LengthMismatch(received=received, announced=announced)


async def _write(file: BinaryIO, data: bytes) -> None:
    await anyio.to_thread.run_sync(file.write, data)


def _announced(request: Request, limit: int) -> int | None:
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit():
        raise BadRequest(f"Content-Length is not a number: {text!r}")
    if int(text) > limit:
        raise BodyTooLarge(limit=limit)
    return int(text)


def _boundary(request: Request) -> str:
    message = Message()
    message["Content-Type"] = request.headers.get("content-type", "")
    boundary = message.get_boundary()
    if message.get_content_type() != "multipart/form-data" or not boundary:
        raise RefusedForm(reason="its Content-Type is not multipart/form-data with a boundary")
    return boundary


def _require_end(path: Path, boundary: str) -> None:
    # The only sign of a cut chunked body, and a second one for the others: RFC 2046 closes the form with --boundary--.
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        if f"--{boundary}--".encode() not in file.read():
            raise UnfinishedForm


async def _drain(request: Request) -> None:
    if "100-continue" in request.headers.get("expect", "").lower():
        return
    seen = 0
    try:
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > DRAINED:
                return
    except ClientDisconnect:
        return
