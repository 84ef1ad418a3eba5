"""METADATA files kept between runs, in a directory of the user.

The METADATA of a wheel never changes, so an entry never expires. It is kept under the wheel's URL *and* the sha256
that the index stated for it: under the sha256 alone, an index could plant METADATA of its own making for a wheel of
another index. One small file an entry, written beside its place and renamed into it, is safe with several
processes; a database (diskcache) would bring locks and pickles for nothing.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from wheelyard_resolver.page import DistributionFile


class MetadataCache(Protocol):
    """What remembers METADATA from one run to the next, as well as it can."""

    def get(self, file: DistributionFile) -> bytes | None:
        """The METADATA of a wheel, or None when it is not held."""
        ...

    def put(self, file: DistributionFile, metadata: bytes) -> None:
        """Keep the METADATA of a wheel; a file whose sha256 the index does not state is not kept."""
        ...


class NoCache:
    """A cache that holds nothing."""

    def get(self, file: DistributionFile) -> None:  # noqa: ARG002 (the protocol's signature)
        """See :class:`MetadataCache`."""
        return

    def put(self, file: DistributionFile, metadata: bytes) -> None:
        """See :class:`MetadataCache`."""


class DirectoryCache:
    """A :class:`MetadataCache` in a directory. One that cannot be read or written costs time, never the run."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, file: DistributionFile) -> bytes | None:
        """See :class:`MetadataCache`. An entry that does not match its own checksum is not there."""
        place = self._place(file)
        if place is None:
            return None
        try:
            stored = place.read_bytes()
        except OSError:
            return None
        checksum, _, metadata = stored.partition(b"\n")
        return metadata if checksum == _checksum(metadata) else None

    def put(self, file: DistributionFile, metadata: bytes) -> None:
        """See :class:`MetadataCache`."""
        place = self._place(file)
        if place is None:
            return
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=place.parent, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(_checksum(metadata) + b"\n" + metadata)
                Path(temporary).replace(place)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError:
            return

    def _place(self, file: DistributionFile) -> Path | None:
        if file.sha256 is None:
            return None
        key = hashlib.sha256(f"{file.url}\n{file.sha256}".encode()).hexdigest()
        return self._directory / "metadata" / key[:2] / key[2:]


def cache_directory(environment: Mapping[str, str]) -> Path:
    """Where the user who runs the command keeps caches; ``WHEELYARD_CACHE_DIR`` puts them elsewhere."""
    import platformdirs

    return Path(environment.get("WHEELYARD_CACHE_DIR") or platformdirs.user_cache_dir("wheelyard"))


def user_cache(environment: Mapping[str, str]) -> DirectoryCache:
    """The metadata cache of the user who runs the command."""
    return DirectoryCache(cache_directory(environment))


def _checksum(metadata: bytes) -> bytes:
    return hashlib.sha256(metadata).hexdigest().encode()
