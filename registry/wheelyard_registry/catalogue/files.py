"""Private projects and their files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.accounts import give_project
from wheelyard_registry.catalogue.audit import append_event, time_text
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.file_errors import ContentGone, DeletedName, ProjectClosed


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A private distribution file.

    ``identity`` is the same for two spellings of one file (``My_Pkg-1.0.tar.gz``, ``my_pkg-1.0.0.tar.gz``);
    ``metadata_sha256`` is None for sdists, which have no PEP 658 file here. ``added_at`` is when it came here: later
    than ``uploaded_at`` where it was imported from another index. ``size`` is None only for one that was deleted
    before sizes of deleted files were kept.
    """

    filename: str
    identity: str
    project: NormalizedName
    version: str
    sha256: str
    size: int | None
    requires_python: str | None
    metadata_sha256: str | None
    uploaded_at: dt.datetime
    uploaded_by: str
    added_at: dt.datetime
    yanked: str | None = None
    quarantined: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """A private project: the serial of its last change, and its status (PEP 792) with the reason given for it.

    With ``overlay`` it shows upstream's files beside its own. ``stage`` is what its uploads are meant for, if said.
    """

    serial: int
    status: str
    status_reason: str | None
    overlay: bool
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """The answer to an addition: ``existing`` is None if the file is new, else what already has its identity."""

    existing: StoredFile | None


@dataclass(frozen=True, slots=True)
class Admission:
    """The project a file would go to, if it exists, and the file that already has its identity, if there is one."""

    project: ProjectFacts | None
    existing: StoredFile | None


class Files:
    """Private projects and files. The catalogue decides races: one file name has one content, for ever."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        stored: StoredFile,
        *,
        metadata: bytes | None,
        owners: Iterable[str],
        present: Callable[[], bool],
        warnings: Sequence[str] = (),
    ) -> Added:
        """Make a file visible, with its project and its event, or find out what has its name already.

        ``metadata`` is the core metadata whose digest ``stored`` states. ``owners`` are the groups that get the
        project if this file creates it and nobody owns the name yet. ``present`` looks whether the bytes are still
        there: the deletion of their twin may have taken them. ``warnings`` are what spoke against it when it came.

        Raises:
            DeletedName, ProjectClosed, ContentGone: the file may not, or cannot, be added.
        """
        with self._database.write() as connection:
            known, existing = _standing(connection, stored.filename, stored.project, stored.identity)
            if existing is not None:
                return Added(existing)
            require_open(stored.project, known)
            if not present():
                raise ContentGone
            facts = {"project": stored.project, "version": stored.version, "sha256": stored.sha256}
            if stored.uploaded_at != stored.added_at:
                facts["uploaded_at"] = time_text(stored.uploaded_at)
            serial = append_event(
                connection,
                at=stored.added_at,
                kind="file-added",
                subject=stored.filename,
                facts={**facts, "warnings": list(warnings)} if warnings else facts,
                by=stored.uploaded_by,
            )
            if known is not None:
                connection.execute(_TOUCH, {"project": stored.project, "now": serial})
            else:
                _make_project(connection, stored, serial, owners)
            if metadata is not None:
                connection.execute(_KEEP_METADATA, {"digest": stored.metadata_sha256, "content": metadata})
            values = {name: getattr(stored, name) for name in StoredFile.__dataclass_fields__}
            connection.execute(_INSERT, {**values, "serial": serial})
            return Added(None)

    def admission(self, filename: str, project: NormalizedName, identity: str) -> Admission:
        """What stands in the way of a file of this identity, as of now.

        Raises:
            DeletedName: it was here and was deleted.
        """
        with self._database.read() as connection:
            return Admission(*_standing(connection, filename, project, identity))

    def metadata(self, sha256: str) -> bytes | None:
        """Core metadata by its digest."""
        with self._database.read() as connection:
            return connection.execute(_METADATA, {"digest": sha256}).scalar_one_or_none()

    def metadata_of_releases(
        self, releases: Set[tuple[NormalizedName, str]]
    ) -> Mapping[tuple[NormalizedName, str], bytes]:
        """The core metadata of the first wheel of each release; releases without a wheel have none."""
        file, held = tables.file, tables.core_metadata
        query = sa.select(file.c.project, file.c.version, held.c.body).join(
            held, held.c.sha256 == file.c.metadata_sha256
        )
        names = sorted({project for project, _ in releases})
        found: dict[tuple[NormalizedName, str], bytes] = {}
        with self._database.read() as connection:
            for start in range(0, len(names), _PARAMETERS):
                some = query.where(file.c.project.in_(names[start : start + _PARAMETERS])).order_by(file.c.serial)
                for project, version, body in connection.execute(some):
                    if (project, version) in releases:
                        found.setdefault((project, version), body)
        return found

    def first_uploads(self, projects: Set[NormalizedName]) -> Mapping[tuple[NormalizedName, str], dt.datetime]:
        """When the first file of each release of some projects was uploaded."""
        file = tables.file
        query = sa.select(file.c.project, file.c.version, sa.func.min(file.c.uploaded_at))
        query = query.group_by(file.c.project, file.c.version)
        names = sorted(projects)
        found: dict[tuple[NormalizedName, str], dt.datetime] = {}
        with self._database.read() as connection:
            for start in range(0, len(names), _PARAMETERS):
                some = query.where(file.c.project.in_(names[start : start + _PARAMETERS]))
                found |= {(NormalizedName(name), version): time for name, version, time in connection.execute(some)}
        return found

    def find(self, project: NormalizedName, filename: str) -> StoredFile | None:
        """The file of a project by its exact name."""
        with self._database.read() as connection:
            row = connection.execute(_BY_NAME, {"project": project, "filename": filename}).one_or_none()
            return None if row is None else StoredFile(*row)

    def by_identity(self, identity: str) -> StoredFile | None:
        """The file that has this identity, whatever its spelling."""
        with self._database.read() as connection:
            row = connection.execute(_BY_IDENTITY, {"identity": identity}).one_or_none()
            return None if row is None else StoredFile(*row)

    def project(self, name: NormalizedName) -> ProjectFacts | None:
        """A project; None if the name is not private here."""
        with self._database.read() as connection:
            return _project(connection, name)

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
        with self._database.read() as connection:
            return frozenset(connection.execute(sa.select(tables.file.c.sha256)).scalars())


def require_open(name: NormalizedName, project: ProjectFacts | None) -> None:
    """Raise ProjectClosed if a project takes no files: it is archived or quarantined (PEP 792)."""
    if project is not None and project.status in {"archived", "quarantined"}:
        raise ProjectClosed(project=name, status=project.status, reason=project.status_reason)


_PARAMETERS = 500
"""Names of one statement: databases limit its parameters."""

# The statements of an upload are written once: composing them anew costs more than running them.
_COLUMNS = [tables.file.c[name] for name in StoredFile.__dataclass_fields__]
_FACTS = [tables.project.c[name] for name in ProjectFacts.__dataclass_fields__]
_PROJECT = sa.select(*_FACTS).where(tables.project.c.name == sa.bindparam("project"))
_STANDING = sa.select(*_FACTS, *_COLUMNS, tables.tombstone.c.identity).select_from(
    sa.select(sa.literal(1))
    .subquery()
    .outerjoin(tables.project, tables.project.c.name == sa.bindparam("project"))
    .outerjoin(tables.file, tables.file.c.identity == sa.bindparam("identity"))
    .outerjoin(tables.tombstone, tables.tombstone.c.identity == sa.bindparam("identity"))
)
_TOUCH = (
    sa.update(tables.project).where(tables.project.c.name == sa.bindparam("project")).values(serial=sa.bindparam("now"))
)
_BY_IDENTITY = sa.select(*_COLUMNS).where(tables.file.c.identity == sa.bindparam("identity"))
_BY_NAME = sa.select(*_COLUMNS).where(
    tables.file.c.project == sa.bindparam("project"), tables.file.c.filename == sa.bindparam("filename")
)
_METADATA = sa.select(tables.core_metadata.c.body).where(tables.core_metadata.c.sha256 == sa.bindparam("digest"))
_KEEP_METADATA = sa.insert(tables.core_metadata).from_select(
    ["sha256", "body"],
    sa.select(
        sa.bindparam("digest", type_=tables.core_metadata.c.sha256.type),
        sa.bindparam("content", type_=tables.core_metadata.c.body.type),
    ).where(~sa.exists(_METADATA)),
)
_INSERT = sa.insert(tables.file)
_MAKE = sa.insert(tables.project)


def _project(connection: sa.Connection, name: NormalizedName) -> ProjectFacts | None:
    row = connection.execute(_PROJECT, {"project": name}).one_or_none()
    return None if row is None else ProjectFacts(*row)


def _standing(
    connection: sa.Connection, filename: str, project: NormalizedName, identity: str
) -> tuple[ProjectFacts | None, StoredFile | None]:
    row = connection.execute(_STANDING, {"project": project, "identity": identity}).one()
    facts, file = row[: len(_FACTS)], row[len(_FACTS) : -1]
    if file[0] is None and row[-1] is not None:
        raise DeletedName(filename=filename)
    return None if facts[0] is None else ProjectFacts(*facts), None if file[0] is None else StoredFile(*file)


def _make_project(connection: sa.Connection, stored: StoredFile, serial: int, owners: Iterable[str]) -> None:
    values = {"name": stored.project, "serial": serial, "created_at": stored.added_at, "status": "active"}
    connection.execute(_MAKE, values)
    groups = tuple(owners)
    owned = sa.select(tables.ownership.c.group).where(tables.ownership.c.project == stored.project)
    if groups and connection.execute(owned).first() is None:
        give_project(connection, stored.project, groups)
