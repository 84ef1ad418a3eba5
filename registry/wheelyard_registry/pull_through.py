"""An upstream index as seen from here: pages kept for a while, files and metadata kept for good."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import anyio.to_thread
import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.mirror import CachedPage, FileFacts, Mirror
from wheelyard_registry.errors import RegistryError
from wheelyard_registry.index import Arriving, Listing, LocalBlob, Remote
from wheelyard_registry.remote_metadata import RemoteMetadata
from wheelyard_registry.simple import file_url
from wheelyard_registry.single_flight import SingleFlight
from wheelyard_registry.transfer import Transfer
from wheelyard_registry.upstream import Absent, Upstream
from wheelyard_registry.upstream_errors import Offline, UpstreamFailed, UpstreamTimeout
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_resolver.errors import UnreadablePage
from wheelyard_resolver.page import DistributionFile, ProjectPage, parse_page

_log = logging.getLogger(__name__)

REMEMBERED_PAGES = 256
"""Parsed pages held in memory; a large install reads each of its pages once per file."""

PATIENCE = dt.timedelta(seconds=10)
"""How long a stale page is served before an upstream that failed is asked again."""

WAIT = 3.0
"""Seconds that a reader waits for upstream where a stale page is known. pip gives up after 15."""


@dataclass(frozen=True, slots=True)
class _Known:
    page: ProjectPage | None
    fresh_until: dt.datetime


class PullThrough:
    """An :class:`~wheelyard_registry.index.Index` of everything one upstream has."""

    def __init__(self, upstream: Upstream, mirror: Mirror, cache: BlobStore, clock: Clock, ttl: dt.timedelta) -> None:
        self._upstream = upstream
        self._mirror = mirror
        self._cache = cache
        self._clock = clock
        self._ttl = ttl
        self._known: OrderedDict[NormalizedName, _Known] = OrderedDict()
        self._refreshes: SingleFlight[NormalizedName, _Known] = SingleFlight()
        self._asking: SingleFlight[NormalizedName, _Known] = SingleFlight()
        self._hangs_until = clock()
        self._metadata: SingleFlight[str, str] = SingleFlight()
        self._transfers: dict[str, tuple[Transfer, asyncio.Task[LocalBlob]]] = {}

    async def close(self) -> None:
        """Stop what is under way; unfinished files leave nothing."""
        await self._refreshes.close()
        await self._asking.close()
        await self._metadata.close()
        tasks = [task for _, task in self._transfers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._upstream.close()

    @property
    def index(self) -> UpstreamIndex:
        """The upstream this is of."""
        return self._upstream.index

    async def has(self, project: NormalizedName) -> bool:
        """Whether upstream has a page of this project."""
        return (await self._page(project)).page is not None

    async def listing(self, project: NormalizedName) -> Listing | None:
        """See :class:`~wheelyard_registry.index.Index`. File URLs lead here, and wheels have metadata."""
        known = await self._page(project)
        if known.page is None:
            return None
        facts = await anyio.to_thread.run_sync(self._mirror.facts, project)
        files = tuple(_offered(project, file, facts.get(_source(file))) for file in known.page.files)
        page = replace(known.page, files=files)
        return Listing(page=page, fresh_until=known.fresh_until, changes_at=known.fresh_until)

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | Remote | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        entry, changes_at = await self._entry(project, filename)
        if entry is None:
            return None

        async def fetch() -> Arriving:
            transfer = self._transfer(project, entry)
            await transfer.started()
            return transfer

        local = await self._local(project, entry)
        if local is None:
            return Remote(entry.sha256, entry.size, fetch)
        return replace(local, changes_at=changes_at)

    async def _entry(self, project: NormalizedName, filename: str) -> tuple[DistributionFile | None, dt.datetime]:
        """The file as its page describes it, and till when that is so."""
        known = await self._page(project)
        files = () if known.page is None else known.page.files
        return next((file for file in files if file.filename == filename), None), known.fresh_until

    async def metadata(self, project: NormalizedName, filename: str) -> LocalBlob | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        entry, changes_at = await self._entry(project, filename)
        if entry is None or not filename.endswith(".whl"):
            return None
        source = _source(entry)
        facts = (await anyio.to_thread.run_sync(self._mirror.facts, project)).get(source, FileFacts())
        sha256 = facts.metadata_sha256
        if sha256 is None or (sha256 and not self._cache.has(sha256)):
            sha256 = await self._metadata.run(source, lambda: self._find_metadata(project, entry))
        if not sha256:
            return None
        return LocalBlob(self._cache.path(sha256), sha256, private=False, changes_at=changes_at)

    async def _find_metadata(self, project: NormalizedName, entry: DistributionFile) -> str:
        async def whole() -> LocalBlob:
            return await self._local(project, entry) or await self._transfer(project, entry).finished()

        local = await self._local(project, entry)
        raw = await RemoteMetadata(self._upstream, whole).read(entry, local)
        sha256 = "" if raw is None else await anyio.to_thread.run_sync(self._cache.add, raw)
        await self._learn(project, entry, FileFacts(metadata_sha256=sha256))
        return sha256

    async def _local(self, project: NormalizedName, entry: DistributionFile) -> LocalBlob | None:
        sha256 = entry.sha256
        if sha256 is None:
            facts = await anyio.to_thread.run_sync(self._mirror.facts, project)
            sha256 = facts.get(_source(entry), FileFacts()).sha256
        if sha256 is None or not self._cache.has(sha256):
            return None
        return LocalBlob(self._cache.path(sha256), sha256, private=False)

    def _transfer(self, project: NormalizedName, entry: DistributionFile) -> Transfer:
        source = _source(entry)
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
        facts = (await anyio.to_thread.run_sync(self._mirror.facts, project)).get(_source(entry), FileFacts())
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
        await self._keep(project, lambda: self._mirror.learn(project, entry.filename, _source(entry), facts))

    async def _page(self, project: NormalizedName) -> _Known:
        known = self._known.get(project)
        if known is None or known.fresh_until <= self._clock():
            known = await self._refreshes.run(project, lambda: self._refresh(project))
            self._known[project] = known
            if len(self._known) > REMEMBERED_PAGES:
                self._known.popitem(last=False)
        self._known.move_to_end(project)
        return known

    async def _refresh(self, project: NormalizedName) -> _Known:
        cached = await anyio.to_thread.run_sync(self._mirror.page, project)
        if cached is not None and cached.checked_at + self._ttl > self._clock():
            return await self._parsed(project, cached, cached.checked_at + self._ttl)
        if cached is None:
            return await self._asking.run(project, lambda: self._ask(project, None))
        if self._clock() < self._hangs_until:
            # One reader in a while waits for an upstream that hangs, not each of a hundred pages in turn.
            return await self._parsed(project, cached, self._hangs_until)
        try:
            return await asyncio.wait_for(self._asking.run(project, lambda: self._ask(project, cached)), WAIT)
        except Offline:
            return await self._parsed(project, cached, self._clock() + self._ttl)
        except (asyncio.TimeoutError, UpstreamTimeout):
            # After WAIT the question goes on: its answer is kept, and found when the page is next asked for.
            self._hangs_until = self._clock() + PATIENCE
            _log.warning("serving the page of %s as of %s: upstream does not answer", project, cached.checked_at)
        except RegistryError as error:
            _log.warning("serving the page of %s as of %s: %s", project, cached.checked_at, error)
        return await self._parsed(project, cached, self._clock() + PATIENCE)

    async def _ask(self, project: NormalizedName, cached: CachedPage | None) -> _Known:
        etag = cached.etag if cached is not None and cached.page is not None else None
        answer = await self._upstream.page(project, etag)
        now = self._clock()
        if answer is Absent.UNCHANGED and cached is not None:
            await self._keep(project, lambda: self._mirror.confirm_page(project, now))
            return await self._parsed(project, cached, now + self._ttl)
        if isinstance(answer, Absent):
            fetched = CachedPage(page=None, etag=None, checked_at=now)
        else:
            fetched = CachedPage(page=answer.page, etag=answer.etag, checked_at=now)
        # Parsed before it is kept: a captive portal's HTML must not replace a good page.
        known = await self._parsed(project, fetched, now + self._ttl)
        seen = {_source(file): file.filename for file in known.page.files} if known.page is not None else {}

        def keep() -> None:
            self._mirror.keep_page(project, fetched)
            self._mirror.see(project, seen, now)

        await self._keep(project, keep)
        return known

    async def _keep(self, project: NormalizedName, write: Callable[[], None]) -> None:
        try:
            await anyio.to_thread.run_sync(write)
        except sa.exc.DatabaseError as error:
            # A full disk is no reason to keep pages and files from their readers.
            _log.error("what was learnt of %s is served, but cannot be kept: %s", project, error.orig or error)

    async def _parsed(self, project: NormalizedName, cached: CachedPage, fresh_until: dt.datetime) -> _Known:
        if cached.page is None:
            return _Known(None, fresh_until)
        try:
            page = await anyio.to_thread.run_sync(parse_page, project, cached.page)
        except UnreadablePage as error:
            raise UpstreamFailed(url=f"{self._upstream.url}{project}/", reason=error.message) from error
        if "html" in cached.page.content_type and not any(map(_is_distribution, page.files)):
            # A login page is HTML too. It must not stand for a project without files.
            reason = "it answered with HTML that lists no distribution files"
            raise UpstreamFailed(url=f"{self._upstream.url}{project}/", reason=reason)
        return _Known(page, fresh_until)


def _is_distribution(file: DistributionFile) -> bool:
    return file.filename.endswith((".whl", ".tar.gz", ".zip", ".egg", ".tar.bz2"))


def _here(blob: LocalBlob) -> Callable[[], Awaitable[LocalBlob]]:
    async def whole() -> LocalBlob:
        return blob

    return whole


def _source(file: DistributionFile) -> str:
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
