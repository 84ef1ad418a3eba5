"""The event log: every change, in commit order, each entry bound to all before it.

An entry's link is the SHA-256 of the link before it and of what the entry says. Whoever keeps one link (the head) can
later tell whether any entry up to there was changed, removed or put in: the recipe is in docs/registry.md, and
``wheelyard audit verify`` follows it without this code.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database

BEFORE_THE_FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    """One change: what happened (``kind``) to what (``subject``), by whom, with which ``facts``."""

    serial: int
    at: dt.datetime
    kind: str
    subject: str
    facts: Mapping[str, object]
    by: str
    link: str

    def as_json(self) -> dict[str, object]:
        """The entry as the API shows it; all but ``link`` is what the link covers."""
        return {
            "serial": self.serial,
            "at": time_text(self.at),
            "kind": self.kind,
            "subject": self.subject,
            "facts": dict(self.facts),
            "by": self.by,
            "link": self.link,
        }


@dataclass(frozen=True, slots=True)
class Head:
    """The newest entry's serial and link: all that is needed to recognise the log later."""

    serial: int
    link: str


def time_text(time: dt.datetime) -> str:
    """A time as the log writes it: UTC, microseconds."""
    return time.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def link_of(
    before: str, *, serial: int, at: dt.datetime, kind: str, subject: str, facts: Mapping[str, object], by: str
) -> str:
    """The link of an entry, in hex."""
    entry = {"serial": serial, "at": time_text(at), "kind": kind, "subject": subject, "facts": dict(facts), "by": by}
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def append_event(
    connection: sa.Connection, *, at: dt.datetime, kind: str, subject: str, facts: Mapping[str, object], by: str
) -> int:
    """Add to the log inside a write transaction; returns the serial. Serials have no gaps."""
    last = _head(connection)
    serial = last.serial + 1
    link = link_of(last.link, serial=serial, at=at, kind=kind, subject=subject, facts=facts, by=by)
    values = {"serial": serial, "at": at, "kind": kind, "subject": subject, "facts": dict(facts), "by": by}
    connection.execute(_APPEND, {**values, "link": link})
    return serial


_APPEND = sa.insert(tables.event)
_NEWEST = sa.select(tables.event.c.serial, tables.event.c.link).order_by(tables.event.c.serial.desc()).limit(1)


class AuditLog:
    """The log, to be read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def head(self) -> Head:
        """The newest entry; serial 0 where there is none."""
        with self._database.read() as connection:
            return _head(connection)

    def entries(self, after: int, limit: int) -> tuple[Event, ...]:
        """Up to ``limit`` entries with a serial above ``after``, in order."""
        table = tables.event
        query = sa.select(table).where(table.c.serial > after).order_by(table.c.serial).limit(limit)
        with self._database.read() as connection:
            return tuple(Event(**row) for row in connection.execute(query).mappings())


def _head(connection: sa.Connection) -> Head:
    row = connection.execute(_NEWEST).one_or_none()
    return Head(0, BEFORE_THE_FIRST) if row is None else Head(row.serial, row.link)
