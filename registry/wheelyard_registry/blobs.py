"""Content-addressed bytes in a directory: ``<sha256[:2]>/<sha256>``.

A blob appears under its name whole or not at all: bytes are written to a staging file on the same file system,
renamed, and synced before anything speaks of them. Writing the same content twice is harmless, whoever does it.
"""

from __future__ import annotations

import datetime as dt
import errno
import functools
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1024 * 1024


class _Digest(Protocol):
    def update(self, data: bytes | memoryview, /) -> None: ...

    def hexdigest(self) -> str: ...


_ALGORITHMS: dict[str, Callable[[], _Digest]] = {
    "sha256": hashlib.sha256,
    "md5": functools.partial(hashlib.md5, usedforsecurity=False),  # clients still state it; nothing rests on it
    "blake2b": functools.partial(hashlib.blake2b, digest_size=32),
}


class Staged:
    """A file being written, with its digests. As a context manager it leaves nothing behind unless it was kept.

    ``extra`` names digests beside sha256, to be compared with what an uploader states.
    """

    def __init__(self, directory: Path, extra: tuple[str, ...] = ()) -> None:
        self.path = directory / f"{secrets.token_hex(16)}.part"
        # Written in large pieces the system keeps it in large pieces too: reading takes a tenth less for ever.
        self._file: BinaryIO = self.path.open("xb", buffering=CHUNK)
        self._hashes = {name: _ALGORITHMS[name]() for name in ("sha256", *extra)}
        self.size = 0

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def write(self, data: bytes | memoryview) -> None:
        """Append ``data`` to the file and to its digests."""
        self._file.write(data)
        for algorithm in self._hashes.values():
            algorithm.update(data)
        self.size += len(data)

    def flush(self) -> None:
        """Let readers of :attr:`path` see all that was written."""
        self._file.flush()

    def sync(self) -> None:
        """Bring the bytes to stable storage and close the file."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        """Close and remove the file; harmless after it was kept."""
        with suppress(OSError):  # what has not been written yet need not be
            self._file.close()
        self.path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        """Hex digest of what has been written."""
        return self._hashes["sha256"].hexdigest()

    def digest(self, name: str) -> str:
        """The hex digest by another algorithm; read again from the file if it was not asked for in time."""
        algorithm = self._hashes.get(name)
        if algorithm is None:
            self.flush()
            algorithm = _ALGORITHMS[name]()
            with self.path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    algorithm.update(chunk)
        return algorithm.hexdigest()


class BlobStore:
    """Blobs under ``root``, staged in ``staging``; both must be on one file system."""

    def __init__(self, root: Path, staging: Path) -> None:
        self._root = root
        self._staging = staging
        staging.mkdir(parents=True, exist_ok=True)
        if not root.is_dir():
            root.mkdir(parents=True)
            for number in range(256):
                (root / f"{number:02x}").mkdir()
            _sync_directory(root)

    def path(self, sha256: str) -> Path:
        """Where the blob is, or would be."""
        return self._root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Whether the blob is here, whole."""
        return self.path(sha256).is_file()

    def stage(self, *extra: str) -> Staged:
        """A new staging file; ``extra`` as in :class:`Staged`."""
        return Staged(self._staging, extra)

    def require_room(self, size: int) -> None:
        """Raise ``OSError`` (ENOSPC) unless so many bytes are free now: better said before a transfer than in it."""
        if shutil.disk_usage(self._staging).free < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def keep(self, staged: Staged) -> str:
        """Make the staged bytes a blob, durably; returns its sha256.

        The file is synced after its renaming: on a journalling file system that takes its new name along, and the
        directory's own sync then has nothing left to do. What a power cut leaves in between is not listed anywhere,
        and swept (see :mod:`.leftovers`).
        """
        target = self.path(staged.sha256)
        if not target.parent.is_dir():
            target.parent.mkdir(exist_ok=True)  # a directory that was tidied up by hand
            _sync_directory(self._root)
        known = target.is_file() and target.stat().st_size == staged.size
        if known:
            # Its twin is there, listed perhaps: it must not go away should the disk now fail.
            _sync(target)
            return staged.sha256
        staged.path.replace(target)
        try:
            staged.sync()
            _sync_directory(target.parent)
        except OSError:
            target.unlink(missing_ok=True)
            raise
        return staged.sha256

    def add(self, data: bytes) -> str:
        """Store a small blob; returns its sha256."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.has(sha256):
            with self.stage() as staged:
                staged.write(data)
                self.keep(staged)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The bytes of a small blob."""
        return self.path(sha256).read_bytes()

    def remove(self, sha256: str) -> None:
        """Remove a blob; harmless if it is not here. Whoever is reading it reads on."""
        self.path(sha256).unlink(missing_ok=True)

    def all(self, untouched_since: dt.datetime | None = None) -> Iterator[str]:
        """The sha256 of every blob, or of those that were written before a time."""
        for shelf in sorted(self._root.iterdir()):
            yield from (path.name for path in _untouched(shelf, untouched_since))

    def staged(self, untouched_since: dt.datetime | None = None) -> list[Path]:
        """The staging files, or those that were last written to before a time."""
        return list(_untouched(self._staging, untouched_since))


def _untouched(directory: Path, since: dt.datetime | None) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        with suppress(FileNotFoundError):  # it was kept, or removed, meanwhile
            if since is None or path.stat().st_mtime < since.timestamp():
                yield path


def _sync_directory(directory: Path) -> None:
    # A rename survives a power cut only once the directory itself is on disk.
    _sync(directory)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
