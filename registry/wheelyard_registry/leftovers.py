"""What crashes leave: staged bytes of uploads that have ended, and blobs that no file names. None of it is listed."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

import anyio.to_thread
import sqlalchemy as sa

from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.lifecycle import Lifecycle

ABANDONED_AFTER = dt.timedelta(days=1)
"""Age of a leftover where uploads may be under way: those are written to all the time, and then listed at once."""

_log = logging.getLogger(__name__)


class Leftovers:
    """Sweeps a data directory. Several processes may work, and sweep, in it at the same time."""

    def __init__(self, blobs: BlobStore, files: Files, lifecycle: Lifecycle) -> None:
        self._blobs = blobs
        self._files = files
        self._lifecycle = lifecycle

    def sweep(self, untouched_since: dt.datetime | None = None) -> int:
        """Remove what was not written to since then, or, where nobody else works here, all; returns how many files.

        An upload that stalled for longer is refused when it goes on. One that brings the bytes of a blob that goes
        away at this moment is asked to come again (:class:`.ContentGone`).
        """
        staged = self._blobs.staged(untouched_since)
        for path in staged:
            path.unlink(missing_ok=True)
        wanted = self._files.blobs()
        orphans = [sha256 for sha256 in self._blobs.all(untouched_since) if sha256 not in wanted]
        if orphans:
            self._lifecycle.reclaim(orphans, self._blobs.remove)
        return len(staged) + len(orphans)

    async def keep_sweeping(self, clock: Clock, interval: dt.timedelta) -> None:
        """Sweep again and again, until cancelled: a busy registry may have no start at which it is alone."""
        while True:
            await asyncio.sleep(interval.total_seconds())
            try:
                swept = await anyio.to_thread.run_sync(self.sweep, clock() - ABANDONED_AFTER)
            except (OSError, sa.exc.SQLAlchemyError) as error:
                _log.warning("leftovers of crashes could not be swept: %s", error)
            else:
                if swept:
                    _log.info("%d leftovers of crashes were swept", swept)
