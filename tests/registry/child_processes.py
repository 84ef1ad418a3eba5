"""The processes that a process has started, as Linux tells them."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def children_of(pid: int) -> list[Path]:
    """Their places in /proc, of those too that have ended and were not waited for yet."""
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended meanwhile
            found += [Path("/proc", child) for child in listing.read_text().split()]
    return found


def is_alive(place: Path) -> bool:
    """Whether a process runs; one that has ended and was not waited for does not."""
    try:
        return (place / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
