"""What the catalogue knows of a name's origin: overlays, and alarms."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.audit import append_event
from wheelyard_registry.catalogue.database import Database


@dataclass(frozen=True, slots=True)
class Alarm:
    """A private name that somebody has taken upstream."""

    project: NormalizedName
    met_at: dt.datetime


class Origins:
    """Decisions about origins, each an event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_overlay(self, project: NormalizedName, reason: str, *, on: bool, at: dt.datetime, by: str) -> None:
        """Let a name show private and upstream files together, or end that. Makes the private project if needed."""
        table = tables.project
        with self._database.write() as connection:
            facts = {"overlay": on, "reason": reason}
            serial = append_event(connection, at=at, kind="overlay-set", subject=project, facts=facts, by=by)
            changed = sa.update(table).where(table.c.name == project).values(overlay=on, serial=serial)
            if connection.execute(changed).rowcount == 0:
                values = {"name": project, "serial": serial, "created_at": at, "status": "active", "overlay": on}
                connection.execute(sa.insert(table).values(**values))

    def watched(self) -> tuple[NormalizedName, ...]:
        """The private names that upstream should not have, and has not been seen to have."""
        table = tables.project
        query = sa.select(table.c.name).where(table.c.overlay.is_(False), table.c.met_upstream_at.is_(None))
        with self._database.read() as connection:
            return tuple(connection.execute(query.order_by(table.c.name)).scalars())

    def raise_alarm(self, project: NormalizedName, *, at: dt.datetime) -> None:
        """Note that upstream has the name now."""
        table = tables.project
        with self._database.write() as connection:
            connection.execute(sa.update(table).where(table.c.name == project).values(met_upstream_at=at))
            append_event(connection, at=at, kind="name-met-upstream", subject=project, facts={}, by="origin-watch")

    def alarms(self) -> tuple[Alarm, ...]:
        """All alarms by name."""
        table = tables.project
        query = sa.select(table.c.name, table.c.met_upstream_at).where(table.c.met_upstream_at.is_not(None))
        with self._database.read() as connection:
            return tuple(
                Alarm(row.name, row.met_upstream_at) for row in connection.execute(query.order_by(table.c.name))
            )
