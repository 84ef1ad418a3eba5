"""What has changed in the index since somebody looked, so that what they read of it may be kept until then."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database


@dataclass(frozen=True, slots=True)
class Changed:
    """Up to ``serial``: the private ``projects`` whose pages changed, and whether the cooldown shows other files."""

    serial: int
    projects: frozenset[NormalizedName]
    cooldown: bool


class Changes:
    """Asks the catalogue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def since(self, serial: int) -> Changed:
        """What changed after the event of that serial. A deployment changes no page."""
        event, project = tables.event, tables.project
        with self._database.read() as connection:
            newest = connection.execute(_NEWEST).scalar_one()
            if newest == serial:
                return Changed(serial, frozenset(), cooldown=False)
            names = connection.execute(sa.select(project.c.name).where(project.c.serial > serial)).scalars()
            kinds = sa.select(event.c.kind).where(event.c.serial > serial, event.c.kind.in_(_OF_THE_COOLDOWN)).limit(1)
            turned = connection.execute(kinds).first() is not None
            return Changed(newest, frozenset(map(NormalizedName, names)), cooldown=turned)


_NEWEST = sa.select(sa.func.coalesce(sa.func.max(tables.event.c.serial), 0))
_OF_THE_COOLDOWN = ("cooldown-waived", "cooldown-waiver-ended", "bases-accepted")
"""What an accepted lock names is exempt from the cooldown."""
