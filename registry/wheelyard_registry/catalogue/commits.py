"""Two numbers in memory that all processes share which have an SQLite catalogue open: is a commit begun, is it over.

SQLite can be asked whether anybody has committed, but that is a statement with system calls, during which Python lets
other threads run. A number in shared memory says the same of all who count their commits there.
"""

from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path

_SIZE = 16
_BEGUN, _OVER = 0, 1


class Commits:
    """The commits to a catalogue, counted in ``FILE-commits`` beside it."""

    def __init__(self, catalogue: Path) -> None:
        descriptor = os.open(f"{catalogue}-commits", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # A full disk is an error here; to write into memory that has no place on the disk would end the process.
            if sys.platform == "darwin":
                os.ftruncate(descriptor, _SIZE)
            else:
                os.posix_fallocate(descriptor, 0, _SIZE)
            memory = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)
        # Whole words, which processors read and write at once. The memory goes with them.
        self._words = memoryview(memory).cast("Q")

    @property
    def settled(self) -> int | None:
        """The number of the last commit, if it is over: whoever reads the catalogue from now on sees it."""
        over, begun = self._words[_OVER], self._words[_BEGUN]
        return begun if begun == over else None

    def begin(self) -> int:
        """The number of a commit that is about to be made; nobody else may write until it is."""
        number = max(self._words[_BEGUN], self._words[_OVER]) + 1
        self._words[_BEGUN] = number
        return number

    def end(self, number: int) -> None:
        """Call a commit over. One that fails, or ends with its process, never is: the next one makes up for it."""
        if self._words[_OVER] < number:
            self._words[_OVER] = number
