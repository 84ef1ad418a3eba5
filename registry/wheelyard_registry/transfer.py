"""A file on its way from upstream: written once, read by all who asked, kept only if it is what was announced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import anyio.to_thread
import httpx

from wheelyard_registry.blobs import CHUNK, BlobStore, Staged
from wheelyard_registry.errors import InternalError, RegistryError, StorageFull
from wheelyard_registry.index import LocalBlob
from wheelyard_registry.upstream import Resumption, Upstream
from wheelyard_registry.upstream_errors import CorruptUpstream, UpstreamFailed

HELD_BACK = 256 * 1024
"""Bytes that readers do not get before the whole has been verified: a transfer of wrong bytes never completes."""

PIECE = 64 * 1024
"""Bytes that a reader is passed at a time. Each of many readers holds some of them."""


class Transfer:
    """One download, followed by any number of readers. ``sha256`` and ``size`` are as announced by the page."""

    def __init__(self, filename: str, url: str, *, sha256: str | None, size: int | None) -> None:
        self.filename = filename
        self.sha256 = sha256
        self.announced_size = size
        self._url = url
        self._length: int | None = None
        self._path: Path | None = None
        self._written = 0
        self._blob: LocalBlob | None = None
        self._error: RegistryError | None = None
        self._progress = asyncio.Condition()

    @property
    def size(self) -> int | None:
        """The full size: as the page says, else as upstream's answer says."""
        return self._length if self.announced_size is None else self.announced_size

    async def run(self, upstream: Upstream, cache: BlobStore, learn: Callable[[str], Awaitable[None]]) -> LocalBlob:
        """Fetch, verify and keep the file; readers follow meanwhile. ``learn`` is told its sha256 before they get all.

        Raises:
            RegistryError: upstream failed, or sent something else than was announced. Readers are told the same.
        """
        try:
            await anyio.to_thread.run_sync(cache.require_room, self.announced_size or 0)
            staged = await anyio.to_thread.run_sync(cache.stage)
            with staged:
                await self._fetch(upstream, staged)
                self._verify(staged)
                kept = await anyio.to_thread.run_sync(cache.keep, staged)
            await learn(kept)
            blob = LocalBlob(cache.path(kept), kept, private=False)
            await self._advance(blob=blob)
        except OSError as error:
            failure = StorageFull(reason=error.strerror or str(error))
            await self._advance(error=failure)
            raise failure from error
        except RegistryError as error:
            await self._advance(error=error)
            raise
        finally:
            if not self._settled:
                # The server is stopping, or there is a bug: readers must not wait for bytes that will never come.
                await self._advance(error=InternalError())
        return blob

    async def _fetch(self, upstream: Upstream, staged: Staged) -> None:
        etag: str | None = None
        for attempt in range(upstream.retries + 1):
            before = staged.size
            start = Resumption(before, etag) if before and etag is not None else None
            try:
                async with upstream.whole(self._url, start) as response:
                    etag = _strong_tag(response)
                    await self._receive(response, staged)
                return
            except UpstreamFailed:
                if attempt == upstream.retries or staged.size == before:
                    raise

    async def _receive(self, response: httpx.Response, staged: Staged) -> None:
        """Append what comes. An answer from the beginning repeats what is here: the digest tells whether truly."""
        known = 0 if response.status_code == 206 else staged.size
        if known and self.sha256 is None:
            raise UpstreamFailed(url=str(response.url), reason="it broke off, and does not go on where it did")
        if response.status_code != 206 and response.headers.get("content-length", "").isdigit():
            self._length = int(response.headers["content-length"]) if _as_it_is(response) else None
        self._path = staged.path
        await self._advance()
        async for chunk in response.aiter_bytes(CHUNK):
            fresh = chunk[known:]
            known = max(0, known - len(chunk))
            if fresh:
                await anyio.to_thread.run_sync(_append, staged, fresh)
            self._written = staged.size
            if self.announced_size is not None and staged.size > self.announced_size:
                break
            await self._advance()

    def _verify(self, staged: Staged) -> None:
        if self.announced_size is not None and staged.size != self.announced_size:
            reason = f"it has {staged.size} bytes where {self.announced_size} were announced"
            raise CorruptUpstream(filename=self.filename, reason=reason)
        if self.sha256 is not None and staged.sha256 != self.sha256:
            reason = f"its sha256 is {staged.sha256} where {self.sha256} was announced"
            raise CorruptUpstream(filename=self.filename, reason=reason)

    async def _advance(self, *, blob: LocalBlob | None = None, error: RegistryError | None = None) -> None:
        async with self._progress:
            self._blob = blob or self._blob
            self._error = error or self._error
            self._progress.notify_all()

    async def started(self) -> None:
        """Wait until upstream has answered, so that its failure can still become a status."""
        async with self._progress:
            await self._progress.wait_for(lambda: self._path is not None or self._settled)
        if self._error is not None:
            raise self._error

    async def finished(self) -> LocalBlob:
        """Wait for the verified blob."""
        async with self._progress:
            await self._progress.wait_for(lambda: self._settled)
        if self._error is not None:
            raise self._error
        assert self._blob is not None
        return self._blob

    @property
    def _settled(self) -> bool:
        return self._blob is not None or self._error is not None

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes as they arrive. Raises in the middle if the file turns out to be wrong."""
        await self.started()
        path = self._path if self._blob is None else self._blob.path
        assert path is not None
        try:
            opened = await anyio.open_file(path, "rb")
        except FileNotFoundError:
            # It was verified and moved to its place between the two lines above.
            opened = await anyio.open_file((await self.finished()).path, "rb")
        async with opened as file:
            sent = 0
            while not (self._blob is not None and sent == self._written):
                ready = await self._ready(sent)
                data = await file.read(min(PIECE, ready - sent))
                sent += len(data)
                yield data

    async def _ready(self, sent: int) -> int:
        def limit() -> int:
            return self._written if self._blob is not None else self._written - HELD_BACK

        async with self._progress:
            await self._progress.wait_for(lambda: limit() > sent or self._settled)
        if self._error is not None:
            raise self._error
        return limit()


def _as_it_is(response: httpx.Response) -> bool:
    return "content-encoding" not in response.headers


def _strong_tag(response: httpx.Response) -> str | None:
    # Only a strong tag may stand in If-Range (RFC 9110, 13.1.5).
    etag = response.headers.get("etag")
    return None if etag is None or etag.startswith("W/") else etag


def _append(staged: Staged, chunk: bytes) -> None:
    staged.write(chunk)
    staged.flush()
