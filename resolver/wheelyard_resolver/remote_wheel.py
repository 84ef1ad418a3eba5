"""Read METADATA out of a wheel by byte ranges, without deciding how the bytes are fetched.

Most indexes offer no PEP 658 file. A wheel is a zip archive: its directory stands at the end, and wheels are
written with ``.dist-info`` last, so one request for the tail usually holds all that is needed. The generator
yields the ranges it wants and is sent their bytes: the command line drives it with threads, the registry
with asyncio.
"""

from __future__ import annotations

import errno
import io
import zipfile
import zlib
from collections.abc import Generator
from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.errors import UnreadableWheel

TAIL = 32 * 1024
"""Bytes asked for first: the directory of most wheels and, with it, their METADATA (docs/design/decisions.md)."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OverflowError, ValueError)
"""What zipfile raises for a damaged archive. ValueError: a name that is not UTF-8."""

MAX_METADATA = 16 * 1024 * 1024
"""A METADATA file beyond this is a bomb or a mistake."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A half-open range ``[start, stop)`` of the file, in bytes."""

    start: int
    stop: int

    @property
    def header(self) -> str:
        """The value of an HTTP ``Range`` header (RFC 9110, 14.2), which counts both ends in."""
        return f"bytes={self.start}-{self.stop - 1}"


class _Missing(Exception):
    def __init__(self, wanted: ByteRange) -> None:
        self.wanted = wanted


class _SparseFile(io.RawIOBase):
    """A file of known size of which only some ranges have arrived; reading elsewhere raises _Missing."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._parts: list[tuple[int, bytes]] = []
        self._position = 0

    def add(self, start: int, data: bytes) -> None:
        """Put in bytes that have arrived, joined to a part that begins where they end."""
        for number, (begin, later) in enumerate(self._parts):
            if begin == start + len(data):
                self._parts[number] = (start, data + later)
                return
        self._parts.append((start, data))

    def gap(self, wanted: ByteRange) -> ByteRange:
        """A range generous enough for the reads that follow, up to where bytes are held already."""
        stop = min(self._size, max(wanted.stop, wanted.start + TAIL))
        held = [begin for begin, _ in self._parts if wanted.start < begin < stop]
        return ByteRange(wanted.start, min(held, default=stop))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if origin + offset < 0:
            raise OSError(errno.EINVAL, "an offset before the start")
        self._position = origin + offset
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        stop = self._size if size is None or size < 0 else min(self._size, self._position + size)
        start = self._position
        if stop <= start:
            return b""
        for begin, data in self._parts:
            if begin <= start and stop <= begin + len(data):
                self._position = stop
                return data[start - begin : stop - begin]
        raise _Missing(ByteRange(start, stop))


def read_metadata(filename: str, size: int) -> Generator[ByteRange, bytes, bytes]:
    """The raw METADATA of the wheel ``filename`` of ``size`` bytes: yields byte ranges, returns the file.

    Raises:
        UnreadableWheel: the archive is damaged, or holds no ``.dist-info`` of the name and version that the
            file name states.
    """
    archive = _SparseFile(size)
    first = ByteRange(max(0, size - TAIL), size)
    archive.add(first.start, (yield first))
    while True:
        try:
            return metadata_of(filename, archive)
        except _Missing as missing:
            # Small reads come in runs (local header, then data): fetching generously saves round trips.
            wanted = archive.gap(missing.wanted)
            archive.add(wanted.start, (yield wanted))


def metadata_of(filename: str, archive: io.RawIOBase | io.BufferedIOBase) -> bytes:
    """The raw METADATA of an open wheel, from the ``.dist-info`` that belongs to ``filename``.

    A wheel may vendor another distribution's ``.dist-info``; taking the first one found serves wrong metadata.

    Raises:
        UnreadableWheel: see :func:`read_metadata`.
    """
    archive.seek(0)
    try:
        with zipfile.ZipFile(archive) as wheel:
            member = wheel.getinfo(_metadata_member(filename, wheel.namelist()))
            if member.file_size > MAX_METADATA:
                raise UnreadableWheel(filename=filename, reason=f"its METADATA claims {member.file_size} bytes")
            return wheel.read(member)
    except _DAMAGE as error:
        raise UnreadableWheel(filename=filename, reason=f"not a readable wheel: {error}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise UnreadableWheel(filename=filename, reason="not a readable wheel: an offset before the start") from error


def _metadata_member(filename: str, members: list[str]) -> str:
    try:
        name, version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename as error:
        raise UnreadableWheel(filename=filename, reason=f"not a wheel file name: {error}") from error
    found = [member for member in members if member.count("/") == 1 and member.endswith(".dist-info/METADATA")]
    for member in found:
        stem = member.partition(".dist-info/")[0]
        project, _, release = stem.rpartition("-")
        if canonicalize_name(project) == name and _same_version(release, version):
            return member
    stated = ", ".join(found) or "none"
    raise UnreadableWheel(filename=filename, reason=f"it has no .dist-info for {name} {version} (found: {stated})")


def _same_version(text: str, version: Version) -> bool:
    # PEP 427 writes "_" for "-"; some tools write it for the "+" of a local version as well.
    for spelling in (text.replace("_", "-"), text.replace("_", "+", 1)):
        try:
            if Version(spelling) == version:
                return True
        except InvalidVersion:
            continue
    return False
