"""Files of an upstream index: described as they are to be had here, fetched once, and kept for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import anyio.to_thread
import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.mirror import FileFacts, Mirror
from wheelyard_registry.index import Arriving, LocalBlob, Remote
from wheelyard_registry.remote_metadata import RemoteMetadata
from wheelyard_registry.simple import file_url
from wheelyard_registry.single_flight import SingleFlight
from wheelyard_registry.transfer import Transfer
from wheelyard_registry.upstream import Upstream
from wheelyard_resolver.page import DistributionFile

_log = logging.getLogger(__name__)


class UpstreamFiles:
    """What one upstream's pages list, whichever page it is, of today or of an earlier time."""

    def __init__(self, upstream: Upstream, mirror: Mirror, cache: BlobStore, clock: Clock) -> None:
        self._upstream = upstream
        self._mirror = mirror
        self._cache = cache
        self._clock = clock
        self._metadata: SingleFlight[str, str] = SingleFlight()
        self._transfers: dict[str, tuple[Transfer, asyncio.Task[LocalBlob]]] = {}

    async def close(self) -> None:
        """Stop what is under way; unfinished files leave nothing."""
        await self._metadata.close()
        tasks = [task for _, task in self._transfers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def offered(self, project: NormalizedName, files: Iterable[DistributionFile]) -> tuple[DistributionFile, ...]:
        """The files of a page as this registry offers them: their URLs lead here, and wheels have metadata."""

        def described() -> tuple[DistributionFile, ...]:
            facts = self._mirror.facts(project)
            return tuple(_offered(project, file, facts.get(source_of(file))) for file in files)

        return await anyio.to_thread.run_sync(described)

    async def file(self, project: NormalizedName, entry: DistributionFile) -> LocalBlob | Remote:
        """A file as its page describes it, here or to be fetched."""

        async def fetch() -> Arriving:
            transfer = self._transfer(project, entry)
            await transfer.started()
            return transfer

        return await self._local(entry) or Remote(entry.sha256, entry.size, fetch)

    async def metadata(self, project: NormalizedName, entry: DistributionFile) -> LocalBlob | None:
        """The METADATA of a wheel (PEP 658); None where it has none that is readable."""
        if not entry.filename.endswith(".whl"):
            return None
        source = source_of(entry)
        sha256 = (await anyio.to_thread.run_sync(self._mirror.facts_of, source)).metadata_sha256
        if sha256 is None or (sha256 and not self._cache.has(sha256)):
            sha256 = await self._metadata.run(source, lambda: self._find_metadata(project, entry))
        return LocalBlob(self._cache.path(sha256), sha256, private=False) if sha256 else None

    async def _find_metadata(self, project: NormalizedName, entry: DistributionFile) -> str:
        async def whole() -> LocalBlob:
            return await self._local(entry) or await self._transfer(project, entry).finished()

        local = await self._local(entry)
        raw = await RemoteMetadata(self._upstream, whole).read(entry, local)
        sha256 = "" if raw is None else await anyio.to_thread.run_sync(self._cache.add, raw)
        await self._learn(project, entry, FileFacts(metadata_sha256=sha256))
        return sha256

    async def _local(self, entry: DistributionFile) -> LocalBlob | None:
        sha256 = entry.sha256
        if sha256 is None:
            sha256 = (await anyio.to_thread.run_sync(self._mirror.facts_of, source_of(entry))).sha256
        if sha256 is None or not self._cache.has(sha256):
            return None
        return LocalBlob(self._cache.path(sha256), sha256, private=False)

    def _transfer(self, project: NormalizedName, entry: DistributionFile) -> Transfer:
        source = source_of(entry)
        running = self._transfers.get(source)
        if running is not None:
            return running[0]
        transfer = Transfer(entry.filename, entry.url, sha256=entry.sha256, size=entry.size)
        task = asyncio.ensure_future(self._run(transfer, project, entry))
        self._transfers[source] = (transfer, task)
        task.add_done_callback(lambda done: self._arrived(source, done))
        return transfer

    async def _run(self, transfer: Transfer, project: NormalizedName, entry: DistributionFile) -> LocalBlob:
        async def learn(sha256: str) -> None:
            found = sha256 if entry.sha256 is None else None
            await self._learn(project, entry, FileFacts(sha256=found, added_at=self._clock()))
            await self._reverify_metadata(project, entry, LocalBlob(self._cache.path(sha256), sha256, private=False))

        return await transfer.run(self._upstream, self._cache, learn)

    async def _reverify_metadata(self, project: NormalizedName, entry: DistributionFile, wheel: LocalBlob) -> None:
        """Hold the metadata that was served against the wheel; from now on the wheel's own is served."""
        facts = await anyio.to_thread.run_sync(self._mirror.facts_of, source_of(entry))
        if facts.metadata_sha256 is None:
            return
        raw = await RemoteMetadata(self._upstream, _here(wheel)).read(entry, wheel)
        sha256 = "" if raw is None else await anyio.to_thread.run_sync(self._cache.add, raw)
        if sha256 != facts.metadata_sha256:
            _log.warning("upstream's metadata of %s is not the wheel's; the wheel's is served now", entry.filename)
            await self._learn(project, entry, FileFacts(metadata_sha256=sha256))

    def _arrived(self, source: str, task: asyncio.Task[LocalBlob]) -> None:
        self._transfers.pop(source, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.warning("%s", error)

    async def _learn(self, project: NormalizedName, entry: DistributionFile, facts: FileFacts) -> None:
        await keep(project, lambda: self._mirror.learn(project, entry.filename, source_of(entry), facts))


async def keep(project: NormalizedName, learn: Callable[[], None]) -> None:
    """Write down what was learnt of a project; where that fails, say so and go on."""
    try:
        await anyio.to_thread.run_sync(learn)
    except sa.exc.DatabaseError as error:
        # A full disk is no reason to keep pages and files from their readers.
        _log.error("what was learnt of %s is served, but cannot be kept: %s", project, error.orig or error)


def _here(blob: LocalBlob) -> Callable[[], Awaitable[LocalBlob]]:
    async def whole() -> LocalBlob:
        return blob

    return whole


def source_of(file: DistributionFile) -> str:
    """What facts about a file hang on: other bytes under the same URL are another source."""
    return f"{file.url}#sha256={file.sha256 or ''}"


def _offered(project: NormalizedName, file: DistributionFile, facts: FileFacts | None) -> DistributionFile:
    facts = facts or FileFacts()
    metadata = file.core_metadata
    if file.filename.endswith(".whl"):
        # Not read yet: "true", without a hash. Found to have none: not offered.
        metadata = facts.metadata_sha256 if facts.metadata_sha256 is not None else metadata or ""
        metadata = metadata if facts.metadata_sha256 != "" else None
    return replace(
        file,
        url=file_url(project, file.filename),
        sha256=file.sha256 or facts.sha256,
        core_metadata=metadata,
    )
