"""Private projects and their files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.accounts import give_project
from wheelyard_registry.catalogue.audit import append_event
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.errors import ContentGone, DeletedName, ProjectClosed


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A private distribution file.

    ``identity`` is the same for two spellings of one file (``My_Pkg-1.0.tar.gz``, ``my_pkg-1.0.0.tar.gz``);
    ``metadata_sha256`` is None for sdists, which have no PEP 658 file here.
    """

    filename: str
    identity: str
    project: NormalizedName
    version: str
    sha256: str
    size: int
    requires_python: str | None
    metadata_sha256: str | None
    uploaded_at: dt.datetime
    uploaded_by: str
    yanked: str | None = None
    quarantined: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A private project: the serial of its last change, and its status (PEP 792) with the reason given for it.

    With ``overlay`` it shows upstream's files beside its own.
    """

    serial: int
    status: str
    status_reason: str | None
    overlay: bool


@dataclass(frozen=True, slots=True)
class Added:
    """The answer to an addition: ``existing`` is None if the file is new, else what already has its identity."""

    existing: StoredFile | None


class Files:
    """Private projects and files. The catalogue decides races: one file name has one content, for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, stored: StoredFile, *, owners: Iterable[str], present: Callable[[], bool]) -> Added:
        """Make a file visible, with its project and its event, or find out what has its name already.

        ``owners`` are the groups that get the project if this file creates it and nobody owns the name yet.
        ``present`` looks whether the bytes are still there: the deletion of their twin may have taken them.

        Raises:
            DeletedName, ProjectClosed, ContentGone: the file may not, or cannot, be added.
        """
        with self._database.write() as connection:
            existing = _one(connection, tables.file.c.identity == stored.identity)
            if existing is not None:
                return Added(existing)
            if _is_deleted(connection, stored.identity):
                raise DeletedName(filename=stored.filename)
            require_open(stored.project, _project(connection, stored.project))
            if not present():
                raise ContentGone
            serial = append_event(
                connection,
                at=stored.uploaded_at,
                kind="file-added",
                subject=stored.filename,
                facts={"project": stored.project, "version": stored.version, "sha256": stored.sha256},
                by=stored.uploaded_by,
            )
            _touch_project(connection, stored, serial, owners)
            values = {name: getattr(stored, name) for name in StoredFile.__dataclass_fields__}
            connection.execute(sa.insert(tables.file).values(**values, serial=serial))
            return Added(None)

    def find(self, project: NormalizedName, filename: str) -> StoredFile | None:
        """The file of a project by its exact name."""
        with self._database.read() as connection:
            return _one(connection, sa.and_(tables.file.c.project == project, tables.file.c.filename == filename))

    def by_identity(self, identity: str) -> StoredFile | None:
        """The file that has this identity, whatever its spelling."""
        with self._database.read() as connection:
            return _one(connection, tables.file.c.identity == identity)

    def project(self, name: NormalizedName) -> ProjectFacts | None:
        """A project; None if the name is not private here."""
        with self._database.read() as connection:
            return _project(connection, name)

    def deleted(self, identity: str) -> bool:
        """Whether a file of this identity was here and was deleted."""
        with self._database.read() as connection:
            return _is_deleted(connection, identity)

    def of_project(self, project: NormalizedName) -> tuple[StoredFile, ...]:
        """All files of a project, oldest first."""
        query = sa.select(*_COLUMNS).where(tables.file.c.project == project).order_by(tables.file.c.serial)
        with self._database.read() as connection:
            return tuple(StoredFile(**row) for row in connection.execute(query).mappings())

    def versions(self, project: NormalizedName) -> tuple[str, ...]:
        """The versions a project has files of, as uploaded."""
        query = sa.select(tables.file.c.version).where(tables.file.c.project == project).distinct()
        with self._database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def projects(self) -> tuple[NormalizedName, ...]:
        """The names that are private here, sorted."""
        query = sa.select(tables.project.c.name).order_by(tables.project.c.name)
        with self._database.read() as connection:
            return tuple(NormalizedName(name) for name in connection.execute(query).scalars())

    def blobs(self) -> frozenset[str]:
        """The sha256 of every blob that some file needs."""
        query = sa.union(sa.select(tables.file.c.sha256), sa.select(tables.file.c.metadata_sha256))
        with self._database.read() as connection:
            return frozenset(digest for digest in connection.execute(query).scalars() if digest)


def require_open(name: NormalizedName, project: ProjectFacts | None) -> None:
    """Raise ProjectClosed if a project takes no files: it is archived or quarantined (PEP 792)."""
    if project is not None and project.status in {"archived", "quarantined"}:
        raise ProjectClosed(project=name, status=project.status, reason=project.status_reason)


def _project(connection: sa.Connection, name: NormalizedName) -> ProjectFacts | None:
    table = tables.project
    columns = (table.c[name] for name in ProjectFacts.__dataclass_fields__)
    row = connection.execute(sa.select(*columns).where(table.c.name == name)).mappings().one_or_none()
    return None if row is None else ProjectFacts(**row)


def _is_deleted(connection: sa.Connection, identity: str) -> bool:
    query = sa.select(tables.tombstone.c.identity).where(tables.tombstone.c.identity == identity)
    return connection.execute(query).first() is not None


_COLUMNS = [tables.file.c[name] for name in StoredFile.__dataclass_fields__]


def _one(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> StoredFile | None:
    row = connection.execute(sa.select(*_COLUMNS).where(condition)).mappings().one_or_none()
    return None if row is None else StoredFile(**row)


def _touch_project(connection: sa.Connection, stored: StoredFile, serial: int, owners: Iterable[str]) -> None:
    name, table = stored.project, tables.project
    if connection.execute(sa.update(table).where(table.c.name == name).values(serial=serial)).rowcount == 1:
        return
    connection.execute(
        sa.insert(table).values(name=name, serial=serial, created_at=stored.uploaded_at, status="active")
    )
    owned = sa.select(tables.ownership.c.group).where(tables.ownership.c.project == name)
    if connection.execute(owned).first() is None:
        give_project(connection, name, owners)
