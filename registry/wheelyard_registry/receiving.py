"""Receiving a large body: piece by piece, within a limit, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from wheelyard_registry.blobs import CHUNK
from wheelyard_registry.errors import BadRequest, BodyTooLarge, StorageFull
from wheelyard_registry.file_errors import LengthMismatch

DRAINED = 64 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away: many clients read the answer only after they have sent all."""


class Body:
    """The body of an upload.

    The bytes that are still held when the body ends are left for whoever works on (:meth:`take_rest`): a small body
    then costs one visit to a worker thread, not two.
    """

    def __init__(self, request: Request, limit: int) -> None:
        self._request = request
        self._limit = limit
        self._announced = _announced(request, limit)
        self._rest = b""

    async def read(self, feed: Callable[[bytes], None]) -> None:
        """Hand the body on, about a megabyte at a time, in worker threads; the last bytes stay here.

        Raises:
            BodyTooLarge, LengthMismatch: it is not as long as it should be.
            StorageFull: ``feed`` could not write.
            ClientDisconnect: nobody sends any more.
        """
        received, pending = 0, bytearray()
        async for chunk in self._request.stream():
            received += len(chunk)
            if received > self._limit:
                raise BodyTooLarge(limit=self._limit)
            pending += chunk
            if len(pending) >= CHUNK:
                data, pending = bytes(pending), bytearray()
                await anyio.to_thread.run_sync(storing, feed, data)
        if self._announced is not None and received != self._announced:
            raise LengthMismatch(received=received, announced=self._announced)
        self._rest = bytes(pending)

    def take_rest(self) -> bytes:
        """The bytes that :meth:`read` left, once."""
        rest, self._rest = self._rest, b""
        return rest


def storing(write: Callable[[bytes], None], data: bytes) -> None:
    """Call ``write``, and say it in our words if the disk refuses."""
    try:
        write(data)
    except OSError as error:
        raise StorageFull(reason=os.strerror(error.errno) if error.errno else str(error)) from error


async def drain(request: Request) -> None:
    """Read what is left of a refused body, so that the answer is read."""
    if "100-continue" in request.headers.get("expect", "").lower():
        return
    seen = 0
    try:
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > DRAINED:
                return
    except (ClientDisconnect, RuntimeError):
        # Gone, or read to its end already.
        return


def _announced(request: Request, limit: int) -> int | None:
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        raise BadRequest(f"Content-Length is not a number: {text!r}")
    if int(text) > limit:
        raise BodyTooLarge(limit=limit)
    return int(text)
