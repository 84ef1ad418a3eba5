"""What may still happen to a file or a project once it is here: yank, status, quarantine, deletion."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.audit import append_event
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.catalogue.deployments import places_of
from wheelyard_registry.errors import NotFound
from wheelyard_registry.file_errors import StillDeployed


class Status(str, Enum):
    """The status of a project (PEP 792)."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    DEPRECATED = "deprecated"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Selection:
    """Files of a project: one by its name, or all of a release."""

    project: NormalizedName
    filename: str | None = None
    version: str | None = None

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The rows of the table ``file`` that are meant."""
        chosen = tables.file.c.project == self.project
        if self.filename is not None:
            chosen &= tables.file.c.filename == self.filename
        if self.version is not None:
            chosen &= tables.file.c.version == self.version
        return chosen

    @property
    def shown(self) -> str:
        """How people call it."""
        return self.filename or f"{self.project} {self.version}"


class Lifecycle:
    """Changes of what is here. Each is one transaction with one event, and shows on the project's page at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def yank(self, chosen: Selection, reason: str | None, *, at: dt.datetime, by: str) -> tuple[str, ...]:
        """Yank files (PEP 592) with a reason, which may be empty; None un-yanks. Returns their names.

        Raises:
            NotFound: no such file or release.
        """
        kind = "unyanked" if reason is None else "yanked"
        return self._change(chosen, kind, {"yanked": reason}, {"reason": reason}, at=at, by=by)

    def quarantine(self, chosen: Selection, reason: str | None, *, at: dt.datetime, by: str) -> tuple[str, ...]:
        """Take files out of sight at once, their bytes kept; None lets them back. Returns their names.

        Raises:
            NotFound: no such file or release.
        """
        kind = "released-from-quarantine" if reason is None else "quarantined"
        return self._change(chosen, kind, {"quarantined": reason}, {"reason": reason}, at=at, by=by)

    def _change(
        self,
        chosen: Selection,
        kind: str,
        values: dict[str, str | None],
        facts: dict[str, object],
        *,
        at: dt.datetime,
        by: str,
    ) -> tuple[str, ...]:
        with self._database.write() as connection:
            names = tuple(row.filename for row in _require(connection, chosen))
            connection.execute(sa.update(tables.file).where(chosen.condition).values(**values))
            serial = append_event(
                connection, at=at, kind=kind, subject=chosen.shown, facts={**facts, "files": list(names)}, by=by
            )
            _touch(connection, chosen.project, serial)
            return names

    def set_status(
        self, project: NormalizedName, status: Status, reason: str | None, *, at: dt.datetime, by: str
    ) -> None:
        """Give a project a status.

        Raises:
            NotFound: there is no such private project.
        """
        with self._database.write() as connection:
            facts = {"status": status.value, "reason": reason}
            serial = append_event(connection, at=at, kind="status-set", subject=project, facts=facts, by=by)
            table = tables.project
            values = {"status": status.value, "status_reason": reason, "serial": serial}
            if connection.execute(sa.update(table).where(table.c.name == project).values(**values)).rowcount == 0:
                raise NotFound(what=f"the private project {project}")

    def set_stage(self, project: NormalizedName, stage: str | None, *, at: dt.datetime, by: str) -> None:
        """Say for which stage a project's uploads are meant, or that they are for none.

        Raises:
            NotFound: there is no such private project.
        """
        with self._database.write() as connection:
            append_event(connection, at=at, kind="project-stage-set", subject=project, facts={"stage": stage}, by=by)
            table = tables.project
            if connection.execute(sa.update(table).where(table.c.name == project).values(stage=stage)).rowcount == 0:
                raise NotFound(what=f"the private project {project}")

    def delete(
        self, chosen: Selection, reason: str | None, *, force: bool, at: dt.datetime, by: str
    ) -> tuple[str, ...]:
        """Remove files for good. Their names are never used again. Returns the names.

        Raises:
            NotFound: no such file or release.
            StillDeployed: the release is deployed, and ``force`` was not given.
        """
        with self._database.write() as connection:
            rows = _require(connection, chosen)
            places = sorted({place for row in rows for place in places_of(connection, chosen.project, row.version)})
            if places and not force:
                raise StillDeployed(what=chosen.shown, places=places)
            kept = [column.name for column in tables.tombstone.columns if column.name in tables.file.columns]
            for row in rows:
                values = {name: getattr(row, name) for name in kept}
                connection.execute(sa.insert(tables.tombstone).values(**values, deleted_at=at))
            connection.execute(sa.delete(tables.file).where(chosen.condition))
            names = tuple(row.filename for row in rows)
            facts = {"files": list(names), "reason": reason, "forced": force, "deployed_in": places}
            serial = append_event(connection, at=at, kind="deleted", subject=chosen.shown, facts=facts, by=by)
            _touch(connection, chosen.project, serial)
            return names

    def reclaim(self, digests: Sequence[str], remove: Callable[[str], None]) -> None:
        """Remove the blobs that no file names any more.

        Additions queue behind this transaction and then look whether their blob is still there.
        """
        table = tables.file
        with self._database.write() as connection:
            for sha256 in digests:
                used = sa.select(table.c.filename).where(
                    (table.c.sha256 == sha256) | (table.c.metadata_sha256 == sha256)
                )
                if connection.execute(used.limit(1)).first() is None:
                    remove(sha256)
                    held = tables.core_metadata
                    connection.execute(sa.delete(held).where(held.c.sha256 == sha256))

    def digests(self, chosen: Selection) -> tuple[str, ...]:
        """The blobs that the chosen files use."""
        query = sa.select(tables.file.c.sha256, tables.file.c.metadata_sha256).where(chosen.condition)
        with self._database.read() as connection:
            return tuple(digest for row in connection.execute(query) for digest in row if digest)


def _require(connection: sa.Connection, chosen: Selection) -> Sequence[sa.Row[tuple[object, ...]]]:
    rows = connection.execute(sa.select(tables.file).where(chosen.condition).order_by(tables.file.c.filename)).all()
    if not rows:
        raise NotFound(what=chosen.shown)
    return rows


def _touch(connection: sa.Connection, project: NormalizedName, serial: int) -> None:
    connection.execute(sa.update(tables.project).where(tables.project.c.name == project).values(serial=serial))
