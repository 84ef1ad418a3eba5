"""Which of several upstream indexes a name may come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from packaging.utils import NormalizedName

from wheelyard_registry.upstream import Absent, Upstream
from wheelyard_registry.upstream_index import UpstreamIndex


class _Placed(Protocol):
    @property
    def index(self) -> UpstreamIndex: ...


Member = TypeVar("Member", bound=_Placed)


def route(members: Sequence[Member], project: NormalizedName) -> tuple[Member, ...]:
    """The members to ask for a name, in order: the first that claims it alone, else all that claim no names."""
    for member in members:
        if member.index.claims(project):
            return (member,)
    return tuple(member for member in members if not member.index.names)


async def known_upstream(upstreams: Sequence[Upstream], project: NormalizedName) -> bool:
    """Whether any upstream from which the name could come has it, asked now.

    Raises:
        UpstreamFailed: one of them does not say.
    """
    for upstream in route(upstreams, project):
        if await upstream.page(project, None) is not Absent.UNKNOWN:
            return True
    return False
