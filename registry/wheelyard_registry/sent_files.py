"""Sending files: read where requests are answered, as long as the system has them in memory.

ASGI lets the server do it (``http.response.pathsend``). granian then reads pieces of 128 KB in another thread, and
handing each one over takes longer than reading it.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import anyio.to_thread
from starlette.types import Message, Receive, Send

PATHSEND = "http.response.pathsend"

PIECE = 256 * 1024
"""Bytes that are read and sent at a time; after each, others get their turn."""

_CAN_TELL = hasattr(os, "RWF_NOWAIT")
"""Whether this system can be asked what it has in memory (Linux, FreeBSD)."""


async def send_content(content: Message, receive: Receive, send: Send) -> None:
    """Send what follows the head of an answer: a body, or the file that ASGI would have the server send."""
    if content["type"] != PATHSEND or not _CAN_TELL:
        await send(content)
        return
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        await _send_file(Path(content["path"]), gone, send)
    finally:
        gone.cancel()


async def _send_file(path: Path, gone: asyncio.Future[None], send: Send) -> None:
    descriptor = await anyio.to_thread.run_sync(os.open, path, os.O_RDONLY)
    try:
        size, sent = os.fstat(descriptor).st_size, 0
        while sent < size and not gone.done():
            if _is_in_memory(descriptor, min(sent + PIECE, size) - 1):
                piece = os.pread(descriptor, PIECE, sent)
            else:
                piece = await anyio.to_thread.run_sync(os.pread, descriptor, PIECE, sent)
            if not piece:
                break  # somebody cut it; the client sees an answer that is too short
            sent += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": sent < size})
            await asyncio.sleep(0)
    finally:
        os.close(descriptor)


def _is_in_memory(descriptor: int, offset: int) -> bool:
    """Whether the system has the byte at ``offset`` in memory, and so very likely what is read before it."""
    try:
        return os.preadv(descriptor, [bytearray(1)], offset, os.RWF_NOWAIT) == 1
    except OSError:  # it would have to wait, or its file system cannot tell
        return False


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
