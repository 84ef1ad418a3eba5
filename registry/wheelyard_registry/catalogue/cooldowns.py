"""What the cooldown rests on: when upstream files were first seen here, waivers, and the files of accepted locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
import tomli
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.audit import append_event
from wheelyard_registry.catalogue.database import Database
from wheelyard_resolver.page import parse_time

FirstSeen = dict[tuple[str, str], dt.datetime]
"""When a file was first on an upstream page read here, by its name and the sha256 that the page stated ("": none)."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Young files of a project are served until a time, for a reason."""

    project: NormalizedName
    until: dt.datetime
    reason: str
    by: str


class CooldownFacts(Protocol):
    """What a cooldown asks for."""

    def waiver(self, project: NormalizedName) -> Waiver | None:
        """The waiver of a project, expired or not."""
        ...

    def first_seen(self, project: NormalizedName) -> FirstSeen:
        """When the upstream files of a project were first seen."""
        ...

    def locked(self) -> frozenset[str]:
        """The sha256 of every file in an accepted lock."""
        ...


class Cooldowns:
    """Waivers, each an event, and the facts that a cooldown asks for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._locked: dict[str, frozenset[str]] = {}

    def waive(self, waiver: Waiver, *, at: dt.datetime) -> None:
        """Serve the young files of a project for a while; replaces an earlier waiver."""
        table = tables.cooldown_waiver
        values = {"project": waiver.project, "until": waiver.until, "reason": waiver.reason, "by": waiver.by}
        with self._database.write() as connection:
            connection.execute(sa.delete(table).where(table.c.project == waiver.project))
            connection.execute(sa.insert(table).values(**values))
            facts = {"until": waiver.until.isoformat(), "reason": waiver.reason}
            append_event(connection, at=at, kind="cooldown-waived", subject=waiver.project, facts=facts, by=waiver.by)

    def end_waiver(self, project: NormalizedName, *, at: dt.datetime, by: str) -> bool:
        """End a waiver; whether there was one."""
        table = tables.cooldown_waiver
        with self._database.write() as connection:
            ended = connection.execute(sa.delete(table).where(table.c.project == project)).rowcount > 0
            if ended:
                append_event(connection, at=at, kind="cooldown-waiver-ended", subject=project, facts={}, by=by)
            return ended

    def waiver(self, project: NormalizedName) -> Waiver | None:
        """The waiver of a project, expired or not."""
        return next((waiver for waiver in self.waivers() if waiver.project == project), None)

    def waivers(self) -> tuple[Waiver, ...]:
        """All waivers by project, expired ones too."""
        table = tables.cooldown_waiver
        query = sa.select(table.c.project, table.c.until, table.c.reason, table.c.by).order_by(table.c.project)
        with self._database.read() as connection:
            return tuple(Waiver(*row) for row in connection.execute(query))

    def first_seen(self, project: NormalizedName) -> FirstSeen:
        """When the upstream files of a project were first seen."""
        table = tables.upstream_file
        query = sa.select(table.c.filename, table.c.source, table.c.first_seen_at).where(
            table.c.project == project, table.c.first_seen_at.is_not(None)
        )
        found: FirstSeen = {}
        with self._database.read() as connection:
            for filename, source, at in connection.execute(query):
                key = (filename, source.rpartition("#sha256=")[2])
                found[key] = min(at, found.get(key, at))
        return found

    def locked(self, at: dt.datetime | None = None) -> frozenset[str]:
        """The sha256 of every file in a lock that was ever accepted, or by a time."""
        base, accepted = tables.accepted_base, tables.acceptance
        query = sa.select(base.c.lock).distinct()
        if at is not None:
            query = query.join(accepted, accepted.c.serial == base.c.serial).where(accepted.c.at <= at)
        with self._database.read() as connection:
            known = set(connection.execute(query).scalars())
            for digest in known - set(self._locked):
                body = sa.select(tables.lock.c.body).where(tables.lock.c.sha256 == digest)
                self._locked[digest] = frozenset(_files_of(connection.execute(body).scalar_one()))
        return frozenset().union(*(self._locked[digest] for digest in known))

    def note_period(self, period: dt.timedelta, *, at: dt.datetime) -> None:
        """Record the period that is in force from now on, if it is another one than before."""
        with self._database.write() as connection:
            if _period(connection, at) != period:
                append_event(
                    connection, at=at, kind="cooldown-set", subject=_PERIOD, facts={"days": period.days}, by="start"
                )

    def period(self, at: dt.datetime) -> dt.timedelta:
        """The period that was in force at a time; none before the first that was recorded."""
        with self._database.read() as connection:
            return _period(connection, at)

    def waiver_then(self, project: NormalizedName, at: dt.datetime) -> Waiver | None:
        """The waiver that a project had at a time."""
        newest = _newest(project, ("cooldown-waived", "cooldown-waiver-ended"), at)
        with self._database.read() as connection:
            event = connection.execute(newest).one_or_none()
        if event is None or event.kind == "cooldown-waiver-ended":
            return None
        return Waiver(project, parse_time(event.facts["until"]), event.facts["reason"], event.by)


class CooldownsThen:
    """The facts as they were at a time."""

    def __init__(self, cooldowns: Cooldowns, at: dt.datetime) -> None:
        self._cooldowns = cooldowns
        self._at = at

    def waiver(self, project: NormalizedName) -> Waiver | None:
        """See :class:`CooldownFacts`."""
        return self._cooldowns.waiver_then(project, self._at)

    def first_seen(self, project: NormalizedName) -> FirstSeen:
        """See :class:`CooldownFacts`."""
        return self._cooldowns.first_seen(project)

    def locked(self) -> frozenset[str]:
        """See :class:`CooldownFacts`."""
        return self._cooldowns.locked(self._at)


_PERIOD = "cooldown"
"""The subject of events that set the period."""


def _newest(subject: str, kinds: tuple[str, ...], at: dt.datetime) -> sa.Select[tuple[Any, ...]]:
    table = tables.event
    about = (table.c.subject == subject) & table.c.kind.in_(kinds) & (table.c.at <= at)
    return sa.select(table).where(about).order_by(table.c.serial.desc()).limit(1)


def _period(connection: sa.Connection, at: dt.datetime) -> dt.timedelta:
    event = connection.execute(_newest(_PERIOD, ("cooldown-set",), at)).one_or_none()
    return dt.timedelta(days=0 if event is None else event.facts["days"])


def _files_of(lock: str) -> Iterator[str]:
    """The sha256 of the files of a pylock (PEP 751). A text that is no lock has none."""
    try:
        packages = tomli.loads(lock).get("packages", [])
    except ValueError:
        return
    for package in packages:
        files = [*package.get("wheels", []), package.get("sdist", {}), package.get("archive", {})]
        yield from (file["hashes"]["sha256"] for file in files if "sha256" in file.get("hashes", {}))
