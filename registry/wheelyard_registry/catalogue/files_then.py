"""Private projects and files as they were at a time: what the event log says happened by then.

What is in quarantine today was not seen then either: its being harmful is not a matter of time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.files import Files, ProjectFacts, StoredFile
from wheelyard_registry.catalogue.lifecycle import Status
from wheelyard_registry.file_errors import FileGone

_PARAMETERS = 500
"""Values of one statement: databases limit its parameters."""

_CHANGES = (
    *("file-added", "deleted", "yanked", "unyanked", "quarantined", "released-from-quarantine"),
    *("status-set", "overlay-set"),
)
"""Kinds of events that change what a project shows."""


@dataclass(frozen=True, slots=True)
class _ProjectThen:
    """``gone`` are the files that were there then and have been deleted since, and when."""

    facts: ProjectFacts
    files: Mapping[str, StoredFile]
    gone: Mapping[str, dt.datetime]


class _Change(NamedTuple):
    """An event, of :data:`_CHANGES`."""

    serial: int
    kind: str
    facts: Mapping[str, Any]


class FilesThen:
    """What :class:`~wheelyard_registry.catalogue.files.Files` would have told at a time.

    Reads each project once: meant to live as long as one request.
    """

    def __init__(self, database: Database, at: dt.datetime) -> None:
        self._database = database
        self._files = Files(database)
        self._at = at
        self._read: dict[NormalizedName, _ProjectThen | None] = {}

    def projects(self) -> tuple[NormalizedName, ...]:
        """The names that were private here, sorted."""
        file, tombstone, event = tables.file, tables.tombstone, tables.event
        named = sa.union(
            sa.select(file.c.project).where(file.c.added_at <= self._at),
            sa.select(tombstone.c.project).where(tombstone.c.added_at <= self._at),
            sa.select(event.c.subject).where(event.c.kind == "overlay-set", event.c.at <= self._at),
        )
        with self._database.read() as connection:
            return tuple(sorted(NormalizedName(name) for name in connection.execute(named).scalars()))

    def project(self, name: NormalizedName) -> ProjectFacts | None:
        """A project; None if the name was not private here."""
        then = self._then(name)
        return None if then is None else then.facts

    def of_project(self, project: NormalizedName) -> tuple[StoredFile, ...]:
        """All files that a project had, oldest first."""
        then = self._then(project)
        return () if then is None else tuple(then.files.values())

    def find(self, project: NormalizedName, filename: str) -> StoredFile | None:
        """The file that a project had by its exact name.

        Raises:
            FileGone: it has been deleted since.
        """
        then = self._then(project)
        if then is None:
            return None
        if filename in then.gone:
            raise FileGone(filename=filename, deleted_at=then.gone[filename])
        return then.files.get(filename)

    def metadata(self, sha256: str) -> bytes | None:
        """Core metadata by its digest."""
        return self._files.metadata(sha256)

    def _then(self, project: NormalizedName) -> _ProjectThen | None:
        if project not in self._read:
            with self._database.read() as connection:
                self._read[project] = _project(connection, project, self._at)
        return self._read[project]


def _project(connection: sa.Connection, project: NormalizedName, at: dt.datetime) -> _ProjectThen | None:
    here, deleted = (_rows(connection, table, project, at) for table in (tables.file, tables.tombstone))
    releases = {subject for row in (*here, *deleted) for subject in (row.filename, f"{project} {row.version}")}
    events = _changes(connection, sorted({project, *releases}), at)
    overlays = [event for event in events if event.kind == "overlay-set"]
    if not releases and not overlays:
        return None
    yanked = _marks(events, "yanked", "unyanked")
    quarantined = _marks(events, "quarantined", "released-from-quarantine")
    quarantined |= {row.filename: row.quarantined for row in here if row.quarantined is not None}
    gone = {row.filename: row.deleted_at for row in deleted if row.deleted_at > at}
    rows = sorted((*here, *(row for row in deleted if row.filename in gone)), key=lambda row: row.added_at)
    stored = [_file(row, yanked, quarantined) for row in rows]
    status, reason = _status(connection, project, events)
    facts = ProjectFacts(
        serial=max((event.serial for event in events), default=0),
        status=status,
        status_reason=reason,
        overlay=bool(overlays and overlays[-1].facts["overlay"]),
    )
    return _ProjectThen(facts, {file.filename: file for file in stored}, gone)


def _rows(
    connection: sa.Connection, table: sa.Table, project: NormalizedName, at: dt.datetime
) -> Sequence[sa.Row[Any]]:
    query = sa.select(table).where(table.c.project == project, table.c.added_at <= at)
    return connection.execute(query.order_by(table.c.added_at, table.c.filename)).all()


def _changes(connection: sa.Connection, subjects: Sequence[str], at: dt.datetime) -> list[_Change]:
    """The events of some subjects until a time, in their order."""
    table = tables.event
    found: list[_Change] = []
    for start in range(0, len(subjects), _PARAMETERS):
        some = table.c.subject.in_(subjects[start : start + _PARAMETERS]) & table.c.kind.in_(_CHANGES)
        query = sa.select(table.c.serial, table.c.kind, table.c.facts).where(some, table.c.at <= at)
        found += (_Change(*row) for row in connection.execute(query))
    return sorted(found, key=lambda change: change.serial)


def _marks(events: Sequence[_Change], on: str, off: str) -> dict[str, str]:
    """The files that are marked at the end of the events, with the reasons."""
    marked: dict[str, str] = {}
    for event in events:
        if event.kind == on:
            marked |= dict.fromkeys(event.facts["files"], event.facts["reason"] or "")
        elif event.kind == off:
            marked = {filename: reason for filename, reason in marked.items() if filename not in event.facts["files"]}
    return marked


def _status(connection: sa.Connection, project: NormalizedName, events: Sequence[_Change]) -> tuple[str, str | None]:
    today = connection.execute(sa.select(tables.project).where(tables.project.c.name == project)).one()
    if today.status == Status.QUARANTINED.value:
        return today.status, today.status_reason
    stated = [event.facts for event in events if event.kind == "status-set"]
    return (stated[-1]["status"], stated[-1]["reason"]) if stated else ("active", None)


def _file(row: sa.Row[Any], yanked: Mapping[str, str], quarantined: Mapping[str, str]) -> StoredFile:
    held = row._mapping
    marks = {"yanked": yanked.get(row.filename), "quarantined": quarantined.get(row.filename)}
    # Of a deleted file neither the uploader nor the metadata is kept.
    kept = {name: held.get(name) for name in StoredFile.__dataclass_fields__}
    return StoredFile(**{**kept, "uploaded_by": held.get("uploaded_by", ""), **marks})
