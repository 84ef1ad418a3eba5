"""What has been learnt from an upstream index: pages as received, and facts about its files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database
from wheelyard_resolver.page import RawPage


@dataclass(frozen=True, slots=True)
class CachedPage:
    """A project page of upstream as last received. ``page`` is None where upstream said that it has no such project."""

    page: RawPage | None
    etag: str | None
    checked_at: dt.datetime


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was found out about an upstream file beyond its page. ``metadata_sha256`` is "" if it has no metadata.

    ``added_at`` is when its bytes came into the cache; when it was first seen on a page is kept apart from that.
    """

    sha256: str | None = None
    metadata_sha256: str | None = None
    added_at: dt.datetime | None = None


class Mirror:
    """Pages and facts of one index, replaced as they change: a cache, so there are no events for it."""

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

    def keep_page(self, project: NormalizedName, cached: CachedPage) -> None:
        """Replace the page of a project."""
        table = tables.upstream_page
        page = cached.page or RawPage(url="", content_type="", body=b"")
        with self._database.write() as connection:
            connection.execute(sa.delete(table).where(*self._of(project)))
            connection.execute(
                sa.insert(table).values(
                    index=self._index,
                    project=project,
                    found=cached.page is not None,
                    url=page.url,
                    content_type=page.content_type,
                    body=page.body,
                    etag=cached.etag,
                    checked_at=cached.checked_at,
                )
            )

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

    def see(self, project: NormalizedName, files: Mapping[str, str], at: dt.datetime) -> None:
        """Note when the files of a page, their names by source, were first seen."""
        table = tables.upstream_file
        known = set(self.facts(project))
        new = [
            {"source": source, "project": project, "filename": filename, "first_seen_at": at}
            for source, filename in files.items()
            if source not in known
        ]
        if not new:
            return
        with self._database.write() as connection:
            # Another replica may have read the same page meanwhile.
            met = sa.select(table.c.source).where(table.c.project == project)
            since = set(connection.execute(met).scalars())
            missing = [row for row in new if row["source"] not in since]
            if missing:
                connection.execute(sa.insert(table), missing)

    def learn(self, project: NormalizedName, filename: str, source: str, facts: FileFacts) -> None:
        """Add to the facts about a file; what is None in ``facts`` stays as it was."""
        table = tables.upstream_file
        known = {"sha256": facts.sha256, "metadata_sha256": facts.metadata_sha256, "added_at": facts.added_at}
        new = {name: value for name, value in known.items() if value is not None}
        with self._database.write() as connection:
            if connection.execute(sa.update(table).where(table.c.source == source).values(**new)).rowcount == 0:
                connection.execute(sa.insert(table).values(source=source, project=project, filename=filename, **new))
