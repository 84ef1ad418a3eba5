"""What a fault is, how a peer comes through it, and the disk that is full."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from registry_peers import NotStarted, Peer

ROOM = 512_000_000
"""Bytes of the disk while it is not full."""


@dataclass(frozen=True)
class Verdict:
    """How a peer came through; ``well`` is None where that could not be tried."""

    well: bool | None
    text: str

    def __str__(self) -> str:
        return self.text if self.well else f"**{'not tried' if self.well is None else 'no'}**: {self.text}"


@dataclass(frozen=True)
class Fault:
    """Something that happens, and a function that lets it happen to a peer so many times."""

    what: str
    happen: Callable[[Peer, int], Verdict]

    def to(self, peer: Peer, tries: int) -> Verdict:
        """The verdict; a server that does not come back is one too."""
        try:
            return self.happen(peer, tries)
        except NoDisk:
            return Verdict(well=None, text="no file system may be mounted")
        except (NotStarted, OSError, HTTPException) as error:
            last = f"{error}".strip().splitlines()[-1].strip()
            again = "does not start again: " if isinstance(error, NotStarted) else ""
            return Verdict(well=False, text=f"{again}{last}".replace("|", "/"))


def told(wrong: Sequence[str], tries: int, good: str) -> Verdict:
    """A verdict over several tries."""
    if not wrong:
        return Verdict(well=True, text=good)
    counted = "; ".join(f"{reason} ({count} of {tries})" for reason, count in Counter(wrong).most_common(3))
    return Verdict(well=False, text=counted)


class NoDisk(Exception):
    """No file system may be mounted here."""


class SmallDisk:
    """A file system in memory that can be filled and emptied."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def fill(self, left: int) -> None:
        """Leave so many bytes."""
        self._resize(shutil.disk_usage(self._place).used + left)

    def clear(self) -> None:
        """Let there be room again."""
        self._resize(ROOM)

    def _resize(self, size: int) -> None:
        subprocess.run(["mount", "-o", f"remount,size={size}", self._place], check=True)


@contextmanager
def small_disk(peer: Peer) -> Iterator[SmallDisk]:
    """Give the peer a file system of its own for its directory.

    Raises:
        NoDisk: neither root nor a user namespace of one's own.
    """
    place = peer.directory.parent / f"{peer.directory.name}-disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", place], check=False)
    if mounted.returncode != 0:
        raise NoDisk
    peer.directory = place / "data"
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", "-l", place], check=False)
