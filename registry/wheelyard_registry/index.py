"""The read side as one port, and the two layers that need no network: the private index, and the origin rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import anyio.to_thread
from packaging.utils import NormalizedName

from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.files import ProjectFacts, StoredFile
from wheelyard_registry.file_errors import Quarantined
from wheelyard_registry.origin import Origin
from wheelyard_registry.simple import file_url
from wheelyard_resolver.page import DistributionFile, ProjectPage
from wheelyard_resolver.remote_wheel import metadata_of


@dataclass(frozen=True, slots=True)
class Listing:
    """A project page.

    ``fresh_until`` is till when a client may go without asking again, None: it must always ask. ``changes_at`` is when
    the page may change although nothing changes in the catalogue.
    """

    page: ProjectPage
    serial: int | None = None
    fresh_until: dt.datetime | None = None
    changes_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class LocalBlob:
    """A file that is here, verified. ``changes_at`` is when it may no longer be the one that its name stands for."""

    path: Path
    sha256: str
    private: bool
    changes_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldMetadata:
    """Core metadata that the catalogue holds."""

    data: bytes
    sha256: str
    private: bool


class Arriving(Protocol):
    """A file on its way from upstream. ``sha256`` is what was announced, if anything was."""

    sha256: str | None

    @property
    def size(self) -> int | None:
        """The full size, where known."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The bytes as they come; the last of them only once all have been verified."""
        ...

    async def finished(self) -> LocalBlob:
        """The verified blob, once it is whole."""
        ...


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that is not here yet, as its page announces it. ``fetch`` starts the transfer, or joins one."""

    sha256: str | None
    size: int | None
    fetch: Callable[[], Awaitable[Arriving]]


class Index(Protocol):
    """Pages, files and their metadata. None means: there is no such thing here."""

    async def listing(self, project: NormalizedName) -> Listing | None:
        """The page of a project."""
        ...

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | Remote | None:
        """A distribution file, here or to be fetched."""
        ...

    async def metadata(self, project: NormalizedName, filename: str) -> LocalBlob | HeldMetadata | None:
        """The METADATA of a wheel (PEP 658), byte for byte."""
        ...


class PrivateFiles(Protocol):
    """Private projects and files, of today or as they were at a time."""

    def project(self, name: NormalizedName) -> ProjectFacts | None:
        """A project; None if the name is not private here."""
        ...

    def projects(self) -> tuple[NormalizedName, ...]:
        """The names that are private here, sorted."""
        ...

    def of_project(self, project: NormalizedName) -> tuple[StoredFile, ...]:
        """All files of a project, oldest first."""
        ...

    def find(self, project: NormalizedName, filename: str) -> StoredFile | None:
        """The file of a project by its exact name."""
        ...

    def metadata(self, sha256: str) -> bytes | None:
        """Core metadata by its digest."""
        ...


class PrivateIndex:
    """The files that were uploaded here."""

    def __init__(self, files: PrivateFiles, blobs: BlobStore) -> None:
        self._files = files
        self._blobs = blobs

    async def facts(self, project: NormalizedName) -> ProjectFacts | None:
        """What is known of a private name; None if it is not private here."""
        return await anyio.to_thread.run_sync(self._files.project, project)

    async def names_of(self, project: NormalizedName) -> frozenset[str]:
        """The names of all files of a project, also of those in quarantine."""
        files = await anyio.to_thread.run_sync(self._files.of_project, project)
        return frozenset(file.filename for file in files)

    async def names(self) -> tuple[NormalizedName, ...]:
        """All private names, sorted."""
        return await anyio.to_thread.run_sync(self._files.projects)

    async def listing(self, project: NormalizedName) -> Listing | None:
        """See :class:`Index`."""
        return await anyio.to_thread.run_sync(self._listing, project)

    def _listing(self, project: NormalizedName) -> Listing | None:
        facts = self._files.project(project)
        if facts is None:
            return None
        # PEP 792: the page of a quarantined project lists no files.
        stored = () if facts.status == QUARANTINED else self._files.of_project(project)
        files = tuple(_described(file) for file in stored if file.quarantined is None)
        page = ProjectPage(project=project, files=files, status=facts.status, status_reason=facts.status_reason)
        return Listing(page=page, serial=facts.serial)

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | None:
        """See :class:`Index`."""
        stored = await anyio.to_thread.run_sync(self._find, project, filename)
        return None if stored is None else LocalBlob(self._blobs.path(stored.sha256), stored.sha256, private=True)

    async def metadata(self, project: NormalizedName, filename: str) -> HeldMetadata | None:
        """See :class:`Index`."""
        return await anyio.to_thread.run_sync(self._metadata, project, filename)

    def _metadata(self, project: NormalizedName, filename: str) -> HeldMetadata | None:
        stored = self._find(project, filename)
        if stored is None or stored.metadata_sha256 is None:
            return None
        held = self._files.metadata(stored.metadata_sha256)
        if held is None:
            # A catalogue of before it held them: the wheel has the same bytes.
            with self._blobs.path(stored.sha256).open("rb") as wheel:
                held = metadata_of(filename, wheel)
        return HeldMetadata(held, stored.metadata_sha256, private=True)

    def _find(self, project: NormalizedName, filename: str) -> StoredFile | None:
        stored = self._files.find(project, filename)
        if stored is None:
            return None
        facts = self._files.project(project)
        assert facts is not None
        if stored.quarantined is not None:
            raise Quarantined(what=filename, reason=stored.quarantined)
        if facts.status == QUARANTINED:
            raise Quarantined(what=f"the project {project}", reason=facts.status_reason)
        return stored


QUARANTINED = "quarantined"

_ANY_MOMENT = dt.datetime.min.replace(tzinfo=dt.timezone.utc)
"""When a page changes that upstream may have files for, once it is asked again."""


def _described(stored: StoredFile) -> DistributionFile:
    return DistributionFile(
        filename=stored.filename,
        url=file_url(stored.project, stored.filename),
        sha256=stored.sha256,
        size=stored.size,
        requires_python=stored.requires_python,
        yanked=stored.yanked,
        upload_time=stored.uploaded_at,
        core_metadata=stored.metadata_sha256,
    )


class OriginRule:
    """One name, one origin: a name that is private here, or reserved, never shows a file from upstream."""

    def __init__(self, private: PrivateIndex, origin: Origin, upstream: Index | None) -> None:
        self._private = private
        self._origin = origin
        self._upstream = upstream

    async def listing(self, project: NormalizedName) -> Listing | None:
        """See :class:`Index`. A reserved name that does not exist has a page, without files.

        A 404 would send uv on to the next index, where somebody else may have taken the name.
        """
        index = await self._of(project)
        listing = None if index is None else await index.listing(project)
        if listing is None and self._origin.reserves(project):
            return Listing(page=ProjectPage(project=project, files=()))
        return listing

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | Remote | None:
        """See :class:`Index`."""
        index = await self._of(project)
        return None if index is None else await index.file(project, filename)

    async def metadata(self, project: NormalizedName, filename: str) -> LocalBlob | HeldMetadata | None:
        """See :class:`Index`."""
        index = await self._of(project)
        return None if index is None else await index.metadata(project, filename)

    async def _of(self, project: NormalizedName) -> Index | None:
        if self._origin.reserves(project):
            return self._private
        facts = await self._private.facts(project)
        if facts is None:
            return self._upstream
        if facts.overlay and facts.status != QUARANTINED and self._upstream is not None:
            return Overlay(self._private, self._upstream)
        return self._private


class Overlay:
    """Both origins of a name together; of two files of one name the private one is served."""

    def __init__(self, private: PrivateIndex, upstream: Index) -> None:
        self._private = private
        self._upstream = upstream

    async def listing(self, project: NormalizedName) -> Listing | None:
        """See :class:`Index`."""
        ours, theirs = await self._private.listing(project), await self._upstream.listing(project)
        if ours is None:
            return None
        if theirs is None:
            return replace(ours, changes_at=_ANY_MOMENT)
        hidden = await self._private.names_of(project)
        added = tuple(file for file in theirs.page.files if file.filename not in hidden)
        page = replace(ours.page, files=(*ours.page.files, *added))
        return replace(ours, page=page, changes_at=theirs.changes_at)

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | Remote | None:
        """See :class:`Index`."""
        return await self._private.file(project, filename) or await self._upstream.file(project, filename)

    async def metadata(self, project: NormalizedName, filename: str) -> LocalBlob | HeldMetadata | None:
        """See :class:`Index`."""
        if filename in await self._private.names_of(project):
            return await self._private.metadata(project, filename)
        return await self._upstream.metadata(project, filename)
