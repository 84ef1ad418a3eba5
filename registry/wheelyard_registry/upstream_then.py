"""An upstream index as it was known here at a time: pages as they were read then; upstream is asked for files only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import anyio.to_thread
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue.mirror import Mirror, PastPage
from wheelyard_registry.index import QUARANTINED, Listing, LocalBlob, Remote
from wheelyard_registry.lru_cache import LruCache
from wheelyard_registry.upstream_files import UpstreamFiles
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_resolver.page import DistributionFile, ProjectPage, parse_page

REMEMBERED_FILES = 30_000
"""Files on all pages held in memory, at 0.8 kB each; an install reads each of its pages once per file."""


def size_of(page: ProjectPage | None) -> int:
    """How many files a page counts for: a few more than it has, so that pages without any are bounded too."""
    return 5 + (0 if page is None else len(page.files))


class PagesThen:
    """The pages of one upstream at any time, remembered until more is learnt of them."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._known: LruCache[tuple[NormalizedName, dt.datetime, dt.datetime], ProjectPage] = LruCache(
            REMEMBERED_FILES, size_of
        )

    async def page(self, project: NormalizedName, at: dt.datetime) -> ProjectPage | None:
        """The page of a project as it was known; None if it was not, or listed nothing."""
        checked_at = await anyio.to_thread.run_sync(self._mirror.checked_at, project)
        if checked_at is None:
            return None
        key = (project, at, checked_at)
        page = self._known.get(key)
        if page is None:
            page = await anyio.to_thread.run_sync(self._read, project, at)
            self._known.keep(key, page)
        return page if page.files else None

    def _read(self, project: NormalizedName, at: dt.datetime) -> ProjectPage:
        past = self._mirror.past_page(project, at)
        return ProjectPage(project, ()) if past is None else _page(project, past)


def _page(project: NormalizedName, past: PastPage) -> ProjectPage:
    now = ProjectPage(project, ()) if past.page is None else parse_page(project, past.page)
    files: Mapping[str, DistributionFile | None] = {**{file.filename: file for file in now.files}, **past.before}
    # PEP 792: upstream found the whole project to be harmful. That holds for its past too.
    listed = () if now.status == QUARANTINED else tuple(file for file in files.values() if file is not None)
    return replace(now, files=listed)


class UpstreamThen:
    """An :class:`~wheelyard_registry.index.Index` of what was known of one upstream at a time."""

    def __init__(self, index: UpstreamIndex, pages: PagesThen, files: UpstreamFiles, at: dt.datetime) -> None:
        self.index = index
        self._pages = pages
        self._files = files
        self._at = at

    async def has(self, project: NormalizedName) -> bool:
        """Whether files of this project were known then."""
        return await self._page(project) is not None

    async def listing(self, project: NormalizedName) -> Listing | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        page = await self._page(project)
        if page is None:
            return None
        return Listing(page=replace(page, files=await self._files.offered(project, page.files)))

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | Remote | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        entry = await self._entry(project, filename)
        return None if entry is None else await self._files.file(project, entry)

    async def metadata(self, project: NormalizedName, filename: str) -> LocalBlob | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        entry = await self._entry(project, filename)
        return None if entry is None else await self._files.metadata(project, entry)

    async def _entry(self, project: NormalizedName, filename: str) -> DistributionFile | None:
        page = await self._page(project)
        files = () if page is None else page.files
        return next((file for file in files if file.filename == filename), None)

    async def _page(self, project: NormalizedName) -> ProjectPage | None:
        return await self._pages.page(project, self._at)
