"""The read side as the resolver's Index: pages and metadata from the catalogue and the caches, with no HTTP between.

What was read is known by its digest until it changes: by an event, or by the time that the page itself states.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

import anyio
from packaging.utils import NormalizedName

from wheelyard_registry import simple
from wheelyard_registry.catalogue.changes import Changes
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.check_errors import UnusableCandidate
from wheelyard_registry.index import Index, LocalBlob
from wheelyard_resolver.page import JSON_V1, DistributionFile, ProjectPage, RawPage
from wheelyard_resolver.snapshot import page_digest

_FILES = "/files/"
"""Where the files of a page are, seen from its own address."""

AT_ONCE = 16
"""Pages, or metadata files, read at the same time."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Known:
    """The digest of a page, and till when it holds; None: until an event."""

    digest: str
    until: dt.datetime | None


class SolverIndex:
    """Implements :class:`~wheelyard_resolver.index.Index` and :class:`~wheelyard_resolver.index.DigestIndex`.

    ``loop`` is run while something is read, and stands still otherwise.
    """

    def __init__(self, index: Index, changes: Changes, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._index = index
        self._changes = changes
        self._loop = loop
        self._clock = clock
        self._serial = -1
        self._stale: dict[NormalizedName, str | None] = {}
        self._generation = 0
        self._pages: dict[NormalizedName, _Known] = {}
        self._metadata: dict[tuple[str, str | None], str | None] = {}

    def refresh(self) -> int:
        """Forget what no longer holds; the serial of the newest event that was taken into account."""
        changed = self._changes.since(self._serial)
        now = self._clock()
        for project, known in list(self._pages.items()):
            over = known.until is not None and known.until <= now
            if over or changed.cooldown or project in changed.projects:
                self._stale[project] = self._pages.pop(project).digest
        self._serial = changed.serial
        return changed.serial

    def generation(self) -> int:
        """A number that changes whenever a page that was ever read is no longer the same; stale ones are read anew.

        Raises as :meth:`pages` does.
        """
        if self._stale:
            self.pages(list(self._stale))
        return self._generation

    # -- digests --------------------------------------------------------------------------------------------

    def page_digests(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, str | None]:
        """See :class:`~wheelyard_resolver.index.DigestIndex`."""
        return {project: self._pages[project].digest for project in projects if project in self._pages}

    def metadata_digests(self, files: Sequence[DistributionFile]) -> Mapping[str, str | None]:
        """See :class:`~wheelyard_resolver.index.DigestIndex`."""
        found = {file.url: (file.url, file.sha256) for file in files}
        return {url: self._metadata[key] for url, key in found.items() if key in self._metadata}

    # -- bodies ---------------------------------------------------------------------------------------------

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See :class:`~wheelyard_resolver.index.Index`.

        Raises:
            UpstreamFailed, ...: upstream is needed and cannot be read.
            UnusableCandidate: a file is none of this index.
        """
        return self._loop.run_until_complete(_each(self._page, projects))

    async def _page(self, project: NormalizedName) -> RawPage | None:
        listing = await self._index.listing(project)
        if listing is None:
            # Upstream may have it at any time, and does not say until when it has not.
            self._replace(project, None)
            self._stale[project] = None
            return None
        raw = RawPage(f"/simple/{project}/", JSON_V1, simple.project_json(_as_listed(listing.page), serial=None))
        digest = page_digest(raw)
        self._replace(project, digest)
        self._pages[project] = _Known(digest, listing.changes_at)
        return raw

    def _replace(self, project: NormalizedName, digest: str | None) -> None:
        if project in self._stale and self._stale.pop(project) != digest:
            self._generation += 1

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See :class:`~wheelyard_resolver.index.Index`. Raises as :meth:`pages` does."""
        named = {file.url: file for file in files}
        found = self._loop.run_until_complete(_each(self._body, named))
        for url, content in found.items():
            digest = None if content is None else hashlib.sha256(content).hexdigest()
            self._metadata[url, named[url].sha256] = digest
        return found

    async def _body(self, url: str) -> bytes | None:
        if not url.startswith(_FILES):
            raise UnusableCandidate(
                reason=f"{url} is a direct reference, which this registry does not read",
                hint="upload that wheel and require its version, or check on your own machine with --fleet",
            )
        project, _, filename = url.removeprefix(_FILES).partition("/")
        blob = await self._index.metadata(NormalizedName(project), unquote(filename))
        if isinstance(blob, LocalBlob):
            return await anyio.to_thread.run_sync(Path.read_bytes, blob.path)
        return None if blob is None else blob.data


def _as_listed(page: ProjectPage) -> ProjectPage:
    """The page without what was learnt of its files meanwhile, so that it stays the same while they are read."""
    return replace(page, files=tuple(replace(file, core_metadata=None) for file in page.files))


async def _each(read: Callable[[K], Awaitable[V]], keys: Iterable[K]) -> dict[K, V]:
    """What each key leads to, many at once. The first failure ends the others."""
    wanted, limit = list(keys), anyio.CapacityLimiter(AT_ONCE)
    found: dict[K, V] = {}
    failures: list[Exception] = []

    async def one(key: K) -> None:
        async with limit:
            try:
                found[key] = await read(key)
            except Exception as error:  # noqa: BLE001 (raised below, alone: a group would hide what it is)
                failures.append(error)
                tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for key in wanted:
            tasks.start_soon(one, key)
    if failures:
        raise failures[0]
    return {key: found[key] for key in wanted}
