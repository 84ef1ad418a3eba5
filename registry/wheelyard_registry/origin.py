"""Where a name comes from. One name, one origin, decided when the name is made and never by reading.

Mixing the two origins of a name is how dependency confusion works: whoever publishes the higher version wins. So a
name of ours is made only once it is known that upstream does not have it, and a reserved name is never even spoken of
outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from packaging.utils import NormalizedName

from wheelyard_registry.file_errors import NameTaken, OriginUnproved
from wheelyard_registry.routing import known_upstream
from wheelyard_registry.upstream import Upstream
from wheelyard_registry.upstream_errors import ForbiddenHost, UpstreamFailed


class Origin:
    """Which names are reserved for this house, and which are free to be made here."""

    def __init__(self, reserved: tuple[str, ...], upstreams: Sequence[Upstream]) -> None:
        self._reserved = reserved
        self._upstreams = upstreams

    def reserves(self, project: NormalizedName) -> bool:
        """Whether a pattern keeps the name for this house."""
        return any(fnmatchcase(project, pattern) for pattern in self._reserved)

    def must_ask(self, project: NormalizedName) -> bool:
        """Whether upstream could have the name too, so that it has to be asked before the name is made here."""
        return bool(self._upstreams) and not self.reserves(project)

    async def has_upstream(self, project: NormalizedName) -> bool:
        """Whether an upstream has a project of this name, asked now. A reserved name is not asked about.

        Raises:
            UpstreamFailed, ForbiddenHost: one does not say.
        """
        return self.must_ask(project) and await known_upstream(self._upstreams, project)

    async def prove_free(self, project: NormalizedName) -> None:
        """Return once it is certain that no upstream has the name.

        Raises:
            NameTaken: upstream has it.
            OriginUnproved: upstream could not be asked, so nothing is certain.
        """
        try:
            taken = await self.has_upstream(project)
        except (UpstreamFailed, ForbiddenHost) as error:
            raise OriginUnproved(project=project, reason=error.message) from error
        if taken:
            raise NameTaken(project=project)
