"""Looks, now and then, whether a private name has appeared upstream: somebody may be trying dependency confusion."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from functools import partial

import anyio.to_thread
import sqlalchemy as sa

from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.origins import Origins
from wheelyard_registry.errors import RegistryError
from wheelyard_registry.origin import Origin

_log = logging.getLogger(__name__)


class OriginWatch:
    """Asks upstream for the private names. Reserved ones are never asked about, overlays are meant to be there."""

    def __init__(self, origin: Origin, origins: Origins, clock: Clock, interval: dt.timedelta) -> None:
        self._origin = origin
        self._origins = origins
        self._clock = clock
        self._interval = interval

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._interval.total_seconds())
            try:
                await self.look()
            except sa.exc.SQLAlchemyError as error:
                _log.warning("the origin watch could not use the catalogue: %s", error)

    async def look(self) -> None:
        """Ask for every name once; an upstream that is down is asked again next time."""
        for project in await anyio.to_thread.run_sync(self._origins.watched):
            try:
                met = await self._origin.has_upstream(project)
            except RegistryError as error:
                _log.warning("whether %s is upstream could not be found out: %s", project, error)
                return
            if met:
                _log.warning("ALARM: the private project %s has appeared upstream", project)
                await anyio.to_thread.run_sync(partial(self._origins.raise_alarm, project, at=self._clock()))
