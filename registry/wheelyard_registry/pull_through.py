"""An upstream index as seen from here: pages kept for a while, files and metadata kept for good."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import anyio.to_thread
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.mirror import CachedPage, Mirror
from wheelyard_registry.errors import RegistryError
from wheelyard_registry.index import Listing, LocalBlob, Remote
from wheelyard_registry.lru_cache import LruCache
from wheelyard_registry.single_flight import SingleFlight
from wheelyard_registry.upstream import Absent, Upstream
from wheelyard_registry.upstream_errors import Offline, UpstreamFailed, UpstreamTimeout
from wheelyard_registry.upstream_files import UpstreamFiles, keep, source_of
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_registry.upstream_then import REMEMBERED_FILES, PagesThen, UpstreamThen, size_of
from wheelyard_resolver.errors import UnreadablePage
from wheelyard_resolver.page import DistributionFile, ProjectPage, parse_page

_log = logging.getLogger(__name__)

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

    def __init__(
        self, upstream: Upstream, mirror: Mirror, files: UpstreamFiles, clock: Clock, ttl: dt.timedelta
    ) -> None:
        self._upstream = upstream
        self._mirror = mirror
        self._files = files
        self._clock = clock
        self._ttl = ttl
        self._pages_then = PagesThen(mirror)
        self._known: LruCache[NormalizedName, _Known] = LruCache(REMEMBERED_FILES, lambda known: size_of(known.page))
        self._refreshes: SingleFlight[NormalizedName, _Known] = SingleFlight()
        self._asking: SingleFlight[NormalizedName, _Known] = SingleFlight()
        self._hangs_until = clock()

    async def close(self) -> None:
        """Stop what is under way; unfinished files leave nothing."""
        await self._refreshes.close()
        await self._asking.close()
        await self._files.close()
        await self._upstream.close()

    @property
    def index(self) -> UpstreamIndex:
        """The upstream this is of."""
        return self._upstream.index

    def then(self, at: dt.datetime) -> UpstreamThen:
        """What was known of this upstream at a time."""
        return UpstreamThen(self.index, self._pages_then, self._files, at)

    async def has(self, project: NormalizedName) -> bool:
        """Whether upstream has a page of this project."""
        return (await self._page(project)).page is not None

    async def listing(self, project: NormalizedName) -> Listing | None:
        """See :class:`~wheelyard_registry.index.Index`. File URLs lead here, and wheels have metadata."""
        known = await self._page(project)
        if known.page is None:
            return None
        page = replace(known.page, files=await self._files.offered(project, known.page.files))
        return Listing(page=page, fresh_until=known.fresh_until, changes_at=known.fresh_until)

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | Remote | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        entry, changes_at = await self._entry(project, filename)
        found = None if entry is None else await self._files.file(project, entry)
        return replace(found, changes_at=changes_at) if isinstance(found, LocalBlob) else found

    async def metadata(self, project: NormalizedName, filename: str) -> LocalBlob | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        entry, changes_at = await self._entry(project, filename)
        found = None if entry is None else await self._files.metadata(project, entry)
        return None if found is None else replace(found, changes_at=changes_at)

    async def _entry(self, project: NormalizedName, filename: str) -> tuple[DistributionFile | None, dt.datetime]:
        """The file as its page describes it, and till when that is so."""
        known = await self._page(project)
        files = () if known.page is None else known.page.files
        return next((file for file in files if file.filename == filename), None), known.fresh_until

    async def _page(self, project: NormalizedName) -> _Known:
        known = self._known.get(project)
        if known is None or known.fresh_until <= self._clock():
            known = await self._refreshes.run(project, lambda: self._refresh(project))
            self._known.keep(project, known)
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
            await keep(project, lambda: self._mirror.confirm_page(project, now))
            return await self._parsed(project, cached, now + self._ttl)
        if isinstance(answer, Absent):
            fetched = CachedPage(page=None, etag=None, checked_at=now)
        else:
            fetched = CachedPage(page=answer.page, etag=answer.etag, checked_at=now)
        # Parsed before it is kept: a captive portal's HTML must not replace a good page.
        known = await self._parsed(project, fetched, now + self._ttl)
        before = await anyio.to_thread.run_sync(self._before, project, cached, fetched, known.page)
        seen = {source_of(file): file.filename for file in known.page.files} if known.page is not None else {}

        def learn() -> None:
            self._mirror.keep_page(project, fetched, before)
            self._mirror.see(project, seen, now)

        await keep(project, learn)
        return known

    def _before(
        self, project: NormalizedName, cached: CachedPage | None, fetched: CachedPage, now: ProjectPage | None
    ) -> Mapping[str, DistributionFile | None]:
        if cached is None or cached.page == fetched.page:
            return {}
        try:
            page = None if cached.page is None else parse_page(project, cached.page)
        except UnreadablePage as error:
            # It could be read when it was kept. What is no longer understood is no longer known.
            _log.warning("the earlier page of %s is forgotten: %s", project, error)
            page = None
        return _changed(() if page is None else page.files, () if now is None else now.files)

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


def _changed(old: Iterable[DistributionFile], new: Iterable[DistributionFile]) -> Mapping[str, DistributionFile | None]:
    """What a page said of the files of which another says something else; None: it did not list them."""
    before, after = ({file.filename: file for file in files} for files in (old, new))
    return {name: before.get(name) for name in sorted({*before, *after}) if before.get(name) != after.get(name)}
