"""History: what is needed to show the index as it was known at a time.

Of what is there already, the past is told as well as it is known. A file came here no earlier than any event before
its own (an imported one's own event bears the date of its first upload), else when it was uploaded. An upstream page
was read here when the first of its files was seen, and each of them was on it from when it was seen; what upstream had
removed by then is not known.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

from wheelyard_registry.catalogue.tables import UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_event = sa.table(
    "event",
    sa.column("serial", sa.BigInteger),
    sa.column("at", UtcTime),
    sa.column("kind", sa.String),
    sa.column("subject", sa.String),
)
_file = sa.table(
    "file",
    sa.column("filename", sa.String),
    sa.column("uploaded_at", UtcTime),
    sa.column("added_at", UtcTime),
)
_tombstone = sa.table(
    "tombstone",
    sa.column("filename", sa.String),
    sa.column("uploaded_at", UtcTime),
    sa.column("added_at", UtcTime),
    sa.column("deleted_at", UtcTime),
)
_page = sa.table(
    "upstream_page",
    sa.column("index", sa.Text),
    sa.column("project", sa.String),
    sa.column("found", sa.Boolean),
    sa.column("found_since", UtcTime),
    sa.column("checked_at", UtcTime),
)
_upstream_file = sa.table(
    "upstream_file",
    sa.column("project", sa.String),
    sa.column("filename", sa.String),
    sa.column("first_seen_at", UtcTime),
)
_past = sa.table(
    "upstream_past",
    sa.column("index", sa.Text),
    sa.column("project", sa.String),
    sa.column("filename", sa.String),
    sa.column("until", UtcTime),
    sa.column("entry", sa.JSON(none_as_null=True)),
)


def upgrade() -> None:
    """Add the columns, the table and the index; fill them."""
    op.create_index("ix_event_subject", "event", ["subject"])
    op.add_column("file", sa.Column("added_at", UtcTime()))
    op.add_column("tombstone", sa.Column("size", sa.BigInteger()))
    op.add_column("tombstone", sa.Column("requires_python", sa.String(200)))
    op.add_column("tombstone", sa.Column("uploaded_at", UtcTime()))
    op.add_column("tombstone", sa.Column("added_at", UtcTime()))
    _fill_private(op.get_bind())
    with op.batch_alter_table("file") as table:
        table.alter_column("added_at", existing_type=UtcTime(), nullable=False)
    with op.batch_alter_table("tombstone") as table:
        table.alter_column("uploaded_at", existing_type=UtcTime(), nullable=False)
        table.alter_column("added_at", existing_type=UtcTime(), nullable=False)
    op.create_index("ix_tombstone_project", "tombstone", ["project"])
    op.add_column("upstream_page", sa.Column("found_since", UtcTime()))
    op.create_table(
        "upstream_past",
        sa.Column("index", sa.Text(), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("filename", sa.String(300), nullable=False),
        sa.Column("until", UtcTime(), nullable=False),
        sa.Column("entry", sa.JSON(none_as_null=True)),
        sa.PrimaryKeyConstraint("index", "project", "filename", "until", name="pk_upstream_past"),
    )
    _fill_upstream(op.get_bind())


def _fill_private(connection: sa.Connection) -> None:
    uploaded: dict[str, dt.datetime] = {}
    added: dict[str, dt.datetime] = {}
    newest: dt.datetime | None = None
    events = sa.select(_event.c.at, _event.c.kind, _event.c.subject).order_by(_event.c.serial)
    for at, kind, subject in connection.execute(events):
        newest = at if newest is None else max(newest, at)
        if kind == "file-added":
            uploaded[subject], added[subject] = at, newest
    for filename, at in connection.execute(sa.select(_file.c.filename, _file.c.uploaded_at)).all():
        changed = sa.update(_file).where(_file.c.filename == filename)
        connection.execute(changed.values(added_at=added.get(filename, at)))
    for filename, at in connection.execute(sa.select(_tombstone.c.filename, _tombstone.c.deleted_at)).all():
        values = {"uploaded_at": uploaded.get(filename, at), "added_at": added.get(filename, at)}
        connection.execute(sa.update(_tombstone).where(_tombstone.c.filename == filename).values(**values))


def _fill_upstream(connection: sa.Connection) -> None:
    # Of two contents under one name the page shows the later one.
    seen = sa.select(_upstream_file.c.filename, sa.func.max(_upstream_file.c.first_seen_at))
    seen = seen.where(_upstream_file.c.first_seen_at.is_not(None)).group_by(_upstream_file.c.filename)
    pages = sa.select(_page.c.index, _page.c.project, _page.c.checked_at).where(_page.c.found)
    for index, project, checked_at in connection.execute(pages).all():
        files = connection.execute(seen.where(_upstream_file.c.project == project)).all()
        since = min((at for _, at in files), default=checked_at)
        of_page = (_page.c.index == index) & (_page.c.project == project)
        connection.execute(sa.update(_page).where(of_page).values(found_since=since))
        later = [
            {"index": index, "project": project, "filename": filename, "until": at, "entry": None}
            for filename, at in files
            if at > since
        ]
        if later:
            connection.execute(sa.insert(_past), later)
