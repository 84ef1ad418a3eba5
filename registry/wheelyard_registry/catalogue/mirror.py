"""What has been learnt from an upstream index: pages as received, what they said before, and facts about files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database
from wheelyard_resolver.page import DistributionFile, RawPage, parse_time


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A project page of upstream as last received. ``page`` is None where upstream said that it has no such project."""

    page: RawPage | None
    etag: str | None
    checked_at: dt.datetime


@dataclass(frozen=True, slots=True)
class PastPage:
    """What is known of a page at a time in the past: as it is now, and what it said otherwise then.

    ``before`` holds the files of which it says something else now; None: it did not list them.
    """

    page: RawPage | None
    before: Mapping[str, DistributionFile | None]


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was found out about an upstream file beyond its page. ``metadata_sha256`` is "" if it has no metadata.

    ``added_at`` is when its bytes came into the cache; when it was first seen on a page is kept apart from that.
    """

    sha256: str | None = None
    metadata_sha256: str | None = None
    added_at: dt.datetime | None = None


class Mirror:
    """Pages and facts of one index, replaced as they change: a cache, so there are no events for it.

    Whatever changes the answers about a project is noted, so that whoever holds one lets go of it at once.
    What a page said of a file before it changed is kept for good: that is how a page of the past is told.
    """

    def __init__(self, database: Database, index: str) -> None:
        self._database = database
        self._index = index

    def page(self, project: NormalizedName) -> CachedPage | None:
        """The page as last received, however old."""
        table = tables.upstream_page
        with self._database.read() as connection:
            row = connection.execute(sa.select(table).where(*self._of(project))).one_or_none()
        if row is None:
            return None
        page = RawPage(row.url, row.content_type, row.body) if row.found else None
        return CachedPage(page=page, etag=row.etag, checked_at=row.checked_at)

    def keep_page(
        self, project: NormalizedName, cached: CachedPage, before: Mapping[str, DistributionFile | None]
    ) -> None:
        """Replace the page of a project. ``before``: what it said of the files of which it says something else now."""
        table = tables.upstream_page
        page = cached.page or RawPage(url="", content_type="", body=b"")
        values = {
            "found": cached.page is not None,
            "url": page.url,
            "content_type": page.content_type,
            "body": page.body,
            "etag": cached.etag,
            "checked_at": cached.checked_at,
        }
        newly_found = None if cached.page is None else cached.checked_at
        with self._database.write() as connection:
            known = connection.execute(sa.select(table).where(*self._of(project))).one_or_none()
            if known is None:
                own = {"index": self._index, "project": project, "found_since": newly_found}
                connection.execute(sa.insert(table).values(**own, **values))
                _note(connection, project)
                return
            changed = sa.update(table).where(*self._of(project))
            connection.execute(changed.values(found_since=known.found_since or newly_found, **values))
            # Another replica may have read the same page meanwhile, and told what it said before.
            if (known.found, known.body) == (values["found"], page.body):
                return
            _note(connection, project)
            if known.found_since is not None:
                self._remember(connection, project, before, cached.checked_at)

    def _remember(
        self,
        connection: sa.Connection,
        project: NormalizedName,
        before: Mapping[str, DistributionFile | None],
        until: dt.datetime,
    ) -> None:
        rows = [
            {
                "index": self._index,
                "project": project,
                "filename": filename,
                "until": until,
                "entry": None if file is None else _entry(file),
            }
            for filename, file in before.items()
        ]
        if rows:
            connection.execute(sa.insert(tables.upstream_past), rows)

    def past_page(self, project: NormalizedName, at: dt.datetime) -> PastPage | None:
        """The page as it was known at a time; None if it was not."""
        table, past = tables.upstream_page, tables.upstream_past
        changed = sa.select(past.c.filename, past.c.entry).order_by(past.c.until.desc())
        changed = changed.where(past.c.index == self._index, past.c.project == project, past.c.until > at)
        with self._database.read() as connection:
            row = connection.execute(sa.select(table).where(*self._of(project))).one_or_none()
            if row is None or row.found_since is None or row.found_since > at:
                return None
            # The change that came next after that time is read last, and counts.
            before = {filename: _file(entry) for filename, entry in connection.execute(changed)}
        page = RawPage(row.url, row.content_type, row.body) if row.found else None
        return PastPage(page, before)

    def checked_at(self, project: NormalizedName) -> dt.datetime | None:
        """When the page was last received or called unchanged; None: never."""
        query = sa.select(tables.upstream_page.c.checked_at).where(*self._of(project))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def confirm_page(self, project: NormalizedName, at: dt.datetime) -> None:
        """Note that upstream called the page unchanged."""
        table = tables.upstream_page
        with self._database.write() as connection:
            connection.execute(sa.update(table).where(*self._of(project)).values(checked_at=at))

    def _of(self, project: NormalizedName) -> tuple[sa.ColumnElement[bool], ...]:
        table = tables.upstream_page
        return table.c.index == self._index, table.c.project == project

    def facts(self, project: NormalizedName) -> dict[str, FileFacts]:
        """The facts known about a project's files, by source."""
        table = tables.upstream_file
        facts = (table.c.sha256, table.c.metadata_sha256, table.c.added_at)
        query = sa.select(table.c.source, *facts).where(table.c.project == project)
        with self._database.read() as connection:
            return {row.source: FileFacts(*row[1:]) for row in connection.execute(query)}

    def facts_of(self, source: str) -> FileFacts:
        """The facts known about one file."""
        table = tables.upstream_file
        query = sa.select(table.c.sha256, table.c.metadata_sha256, table.c.added_at).where(table.c.source == source)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return FileFacts() if row is None else FileFacts(*row)

    def see(self, project: NormalizedName, files: Mapping[str, str], at: dt.datetime) -> None:
        """Note when the files of a page, their names by source, were first seen."""
        if not set(files) - self._seen(project):
            return
        table = tables.upstream_file
        with self._database.write() as connection:
            # Another replica may have read the same page meanwhile.
            known = {
                row.source: row.first_seen_at
                for row in connection.execute(
                    sa.select(table.c.source, table.c.first_seen_at).where(table.c.project == project)
                )
            }
            new = [
                {"source": source, "project": project, "filename": filename, "first_seen_at": at}
                for source, filename in files.items()
                if source not in known
            ]
            _note(connection, project)
            if new:
                connection.execute(sa.insert(table), new)
            for source in files:
                # Facts were learnt before it was noted when files are first seen.
                if source in known and known[source] is None:
                    connection.execute(sa.update(table).where(table.c.source == source).values(first_seen_at=at))

    def _seen(self, project: NormalizedName) -> set[str]:
        table = tables.upstream_file
        query = sa.select(table.c.source).where(table.c.project == project, table.c.first_seen_at.is_not(None))
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def learn(self, project: NormalizedName, filename: str, source: str, facts: FileFacts) -> None:
        """Add to the facts about a file; what is None in ``facts`` stays as it was."""
        table = tables.upstream_file
        known = {"sha256": facts.sha256, "metadata_sha256": facts.metadata_sha256, "added_at": facts.added_at}
        new = {name: value for name, value in known.items() if value is not None}
        with self._database.write() as connection:
            if connection.execute(sa.update(table).where(table.c.source == source).values(**new)).rowcount == 0:
                connection.execute(sa.insert(table).values(source=source, project=project, filename=filename, **new))
            if facts.sha256 is not None or facts.metadata_sha256 is not None:
                _note(connection, project)


def _note(connection: sa.Connection, project: NormalizedName) -> None:
    """Note that something was learnt that changes the answers about a project. Writers queue, so there is an order."""
    table = tables.upstream_learnt
    newest = connection.execute(sa.select(sa.func.max(table.c.serial))).scalar_one()
    values = {"project": project, "serial": (newest or 0) + 1}
    connection.execute(sa.delete(table).where(table.c.project == project))
    connection.execute(sa.insert(table).values(**values))


def _entry(file: DistributionFile) -> dict[str, Any]:
    uploaded = file.upload_time
    return {**asdict(file), "upload_time": None if uploaded is None else uploaded.isoformat()}


def _file(entry: dict[str, Any] | None) -> DistributionFile | None:
    if entry is None:
        return None
    uploaded = entry["upload_time"]
    return DistributionFile(**{**entry, "upload_time": None if uploaded is None else parse_time(uploaded)})
