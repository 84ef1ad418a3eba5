"""The accepted bases of each stage: an append-only record of what was accepted when, and the locks by their hash."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.audit import append_event
from wheelyard_registry.catalogue.database import Clock, Database
from wheelyard_registry.locked_packages import LockedPackage, packages_of


@dataclass(frozen=True, slots=True)
class AcceptedBase:
    """A base of a stage: the keys of the models it hosts, and the sha256 of its lock.

    ``revision`` is the proposal's: it changes when what is installed does, and only then.
    """

    name: str
    revision: str
    models: tuple[str, ...]
    lock: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The bases of a stage from a time on, until the next acceptance; ``snapshot`` is what the proposal rests on."""

    serial: int
    stage: str
    at: dt.datetime
    by: str
    snapshot: str
    bases: tuple[AcceptedBase, ...]


def lock_digest(text: str) -> str:
    """The sha256 of a lock's text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


class Bases:
    """Accepting the bases of a stage supersedes the stage's earlier ones; nothing is overwritten."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        # A lock never changes under its hash, and questions about a whole fleet ask for the same few again and again.
        self.packages: Callable[[str], tuple[LockedPackage, ...]] = lru_cache(maxsize=1024)(self._packages)
        """What a lock pins, by its sha256; nothing if it is not known."""

    def _packages(self, sha256: str) -> tuple[LockedPackage, ...]:
        text = self.lock(sha256)
        return () if text is None else packages_of(text)

    def accept(
        self, stage: str, snapshot: str, bases: Sequence[AcceptedBase], locks: Sequence[str], *, by: str
    ) -> Acceptance:
        """Accept bases with the texts of their locks. The same bases again change nothing."""
        wanted = tuple(sorted(bases, key=lambda base: base.name))
        with self._database.write() as connection:
            now, standing = self._clock(), _newest(connection, stage)
            if standing is not None and (standing.bases, standing.snapshot) == (wanted, snapshot):
                return standing
            facts = {"snapshot": snapshot, "bases": {base.name: base.revision for base in wanted}}
            serial = append_event(connection, at=now, kind="bases-accepted", subject=stage, facts=facts, by=by)
            for text in dict.fromkeys(locks):
                known = sa.exists().where(tables.lock.c.sha256 == lock_digest(text))
                if not connection.execute(sa.select(known)).scalar_one():
                    connection.execute(sa.insert(tables.lock).values(sha256=lock_digest(text), body=text))
            values = {"serial": serial, "stage": stage, "at": now, "by": by, "snapshot": snapshot}
            connection.execute(sa.insert(tables.acceptance).values(**values))
            for base in wanted:
                row = {"serial": serial, "name": base.name, "revision": base.revision, "lock": base.lock}
                connection.execute(sa.insert(tables.accepted_base).values(**row, models=list(base.models)))
            return Acceptance(serial, stage, now, by, snapshot, wanted)

    def accepted(self, stage: str, at: dt.datetime | None = None) -> Acceptance | None:
        """What is accepted for a stage, or was at a time; None if nothing ever was."""
        with self._database.read() as connection:
            return _newest(connection, stage, at)

    def standing(self) -> tuple[Acceptance, ...]:
        """What is accepted now, for each stage that has anything accepted, by its name."""
        with self._database.read() as connection:
            stages = connection.execute(sa.select(tables.acceptance.c.stage).distinct()).scalars().all()
            found = (_newest(connection, stage) for stage in sorted(stages))
            return tuple(standing for standing in found if standing is not None)

    def lock(self, sha256: str) -> str | None:
        """The text of a lock; None if it is not known."""
        with self._database.read() as connection:
            return lock_text(connection, sha256)


def lock_text(connection: sa.Connection, sha256: str) -> str | None:
    """The text of a lock; inside a transaction of the caller."""
    query = sa.select(tables.lock.c.body).where(tables.lock.c.sha256 == sha256)
    return connection.execute(query).scalar_one_or_none()


def accepted_bases(connection: sa.Connection, stage: str, at: dt.datetime) -> tuple[AcceptedBase, ...]:
    """The accepted bases of a stage at a time; inside a transaction of the caller."""
    standing = _newest(connection, stage, at)
    return () if standing is None else standing.bases


def _newest(connection: sa.Connection, stage: str, at: dt.datetime | None = None) -> Acceptance | None:
    table, bases = tables.acceptance, tables.accepted_base
    query = sa.select(table).where(table.c.stage == stage).order_by(table.c.serial.desc()).limit(1)
    row = connection.execute(query if at is None else query.where(table.c.at <= at)).mappings().one_or_none()
    if row is None:
        return None
    found = connection.execute(sa.select(bases).where(bases.c.serial == row["serial"]))
    held = (AcceptedBase(each.name, each.revision, tuple(each.models), each.lock) for each in found)
    return Acceptance(**row, bases=tuple(sorted(held, key=lambda base: base.name)))
