"""Several upstream indexes as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from packaging.utils import NormalizedName

from wheelyard_registry.index import HeldMetadata, Index, Listing, LocalBlob, Remote
from wheelyard_registry.routing import route
from wheelyard_registry.upstream_index import UpstreamIndex


class PlacedIndex(Index, Protocol):
    """An :class:`~wheelyard_registry.index.Index` of one upstream."""

    @property
    def index(self) -> UpstreamIndex:
        """The upstream it is of."""
        ...

    async def has(self, project: NormalizedName) -> bool:
        """Whether it has a page of this project."""
        ...


class FirstThatHas:
    """An index over several: a name comes from the first that has it, and from no other.

    One that fails is an error and is not passed by: else whoever makes it fail decides where a name comes from.
    """

    def __init__(self, members: Sequence[PlacedIndex]) -> None:
        self._members = members

    async def listing(self, project: NormalizedName) -> Listing | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        index = await self._of(project)
        return None if index is None else await index.listing(project)

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | Remote | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        index = await self._of(project)
        return None if index is None else await index.file(project, filename)

    async def metadata(self, project: NormalizedName, filename: str) -> LocalBlob | HeldMetadata | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        index = await self._of(project)
        return None if index is None else await index.metadata(project, filename)

    async def _of(self, project: NormalizedName) -> PlacedIndex | None:
        for index in route(self._members, project):
            if await index.has(project):
                return index
        return None
