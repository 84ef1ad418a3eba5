"""The one port through which the resolver sees the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from packaging.utils import NormalizedName

from wheelyard_resolver.page import DistributionFile, RawPage


class Index(Protocol):
    """Project pages and wheel metadata, raw, in batches.

    Both methods take a batch so that an implementation can fetch in parallel; the answer holds every key asked
    for. A failed fetch raises (:class:`~wheelyard_resolver.errors.Undecided`); it never turns into an absence.
    """

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """The page of each project; None where the index says that it has no such project."""
        ...

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """The raw METADATA of each wheel, by file URL; None where the wheel holds no readable METADATA."""
        ...


@runtime_checkable
class DigestIndex(Protocol):
    """What an index may offer beyond :class:`Index`: the digests of what it has at hand, without reading it.

    None stands for what is known to be absent; what would have to be fetched is left out.
    """

    def page_digests(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, str | None]:
        """The digest of each project page at hand (:func:`~wheelyard_resolver.snapshot.page_digest`)."""
        ...

    def metadata_digests(self, files: Sequence[DistributionFile]) -> Mapping[str, str | None]:
        """The sha256 of each METADATA at hand, by file URL."""
        ...
