"""``/as-of/<time>/``: the index as it was known here at a time, so that a lock can be rebuilt long after.

What was known is told by the private files and the upstream pages of then. What may be had is decided today: the
reader's rights, reserved names, quarantines, and the cooldown, which holds beside that of then.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.errors import UnusableTime
from wheelyard_registry.read_routes import ReadRoutes
from wheelyard_resolver.page import parse_time

ReadsThen = Callable[[dt.datetime], ReadRoutes]
"""The read routes of the index as it was at a time."""

_RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d))?", re.ASCII)


def read_moment(text: str, now: dt.datetime) -> dt.datetime:
    """A time of a path, as RFC 3339 writes it. A bare date is the beginning of that day in UTC.

    Raises:
        UnusableTime: it is not such a time, or it is still to come.
    """
    found = _RFC_3339.fullmatch(text)
    if found is None:
        raise UnusableTime(text=text[:40], reason="that is not a time with its zone, nor a date")
    date, time, fraction, zone = found.groups(default="")
    try:
        moment = parse_time(f"{date}T{time or '00:00:00'}.{fraction[:6]:0<6}{zone.upper() or 'Z'}")
    except (ValueError, OverflowError) as error:
        raise UnusableTime(text=text, reason="there is no such time") from error
    if moment > now:
        raise UnusableTime(
            text=text, reason=f"that is still to come, this registry's clock says {now:%Y-%m-%dT%H:%M:%SZ}"
        )
    return moment


class AsOfRoutes:
    """Handlers of the pages and files below ``/as-of/{time}/``: those of today, asked of another index."""

    def __init__(self, reads_then: ReadsThen, clock: Clock) -> None:
        self._reads_then = reads_then
        self._clock = clock

    async def names(self, request: Request) -> Response:
        """``simple/``."""
        return await (await self._reads(request)).names(request)

    async def project(self, request: Request) -> Response:
        """``simple/{project}/``."""
        return await (await self._reads(request)).project(request)

    async def file(self, request: Request) -> Response:
        """``files/{project}/{filename}``."""
        return await (await self._reads(request)).file(request)

    async def _reads(self, request: Request) -> ReadRoutes:
        at = read_moment(request.path_params["time"], self._clock())
        return await anyio.to_thread.run_sync(self._reads_then, at)
