"""The METADATA of an upstream wheel, by the cheapest way that works, byte for byte.

pip compares it with the wheel it installs, so it is never parsed and written again on its way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio.to_thread

from wheelyard_registry.index import LocalBlob
from wheelyard_registry.upstream import RangesUnsupported, Upstream
from wheelyard_registry.upstream_errors import CorruptUpstream
from wheelyard_resolver.errors import UnreadableWheel
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.remote_wheel import MAX_METADATA, metadata_of, read_metadata


class RemoteMetadata:
    """Tries, in this order: the wheel if it is here, upstream's own file (PEP 658), byte ranges, the whole wheel."""

    def __init__(self, upstream: Upstream, whole: Callable[[], Awaitable[LocalBlob]]) -> None:
        self._upstream = upstream
        self._whole = whole

    async def read(self, entry: DistributionFile, local: LocalBlob | None) -> bytes | None:
        """The raw METADATA; None if the wheel holds none that is readable.

        Raises:
            UpstreamFailed, CorruptUpstream: it could not be found out.
        """
        try:
            if local is not None:
                return await _from_file(entry.filename, local)
            offered = await self._offered(entry)
            if offered is not None:
                return offered
            try:
                return await self._by_ranges(entry)
            except RangesUnsupported:
                return await _from_file(entry.filename, await self._whole())
        except UnreadableWheel:
            return None

    async def _offered(self, entry: DistributionFile) -> bytes | None:
        if entry.core_metadata is None:
            return None
        raw = await self._upstream.small_file(f"{entry.url}.metadata", MAX_METADATA)
        if raw is None:
            return None
        found = hashlib.sha256(raw).hexdigest()
        if entry.core_metadata and found != entry.core_metadata:
            reason = f"its sha256 is {found} where {entry.core_metadata} was announced"
            raise CorruptUpstream(filename=f"{entry.filename}.metadata", reason=reason)
        return raw

    async def _by_ranges(self, entry: DistributionFile) -> bytes:
        size = entry.size if entry.size is not None else await self._upstream.size(entry.url)
        reading = read_metadata(entry.filename, size)
        try:
            wanted = next(reading)
            while True:
                wanted = reading.send(await self._upstream.byte_range(entry.url, wanted))
        except StopIteration as done:
            raw = done.value
            assert isinstance(raw, bytes)
            return raw


async def _from_file(filename: str, blob: LocalBlob) -> bytes:
    return await anyio.to_thread.run_sync(_read, filename, blob.path)


def _read(filename: str, path: Path) -> bytes:
    with path.open("rb") as file:
        return metadata_of(filename, file)
