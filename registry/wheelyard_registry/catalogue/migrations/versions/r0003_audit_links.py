"""Audit: each event is bound to all before it. Those that are there get their links now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wheelyard_registry.catalogue.audit import BEFORE_THE_FIRST, link_of
from wheelyard_registry.catalogue.tables import UtcTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_event = sa.table(
    "event",
    sa.column("serial", sa.BigInteger),
    sa.column("at", UtcTime),
    sa.column("kind", sa.String),
    sa.column("subject", sa.String),
    sa.column("facts", sa.JSON),
    sa.column("by", sa.String),
    sa.column("link", sa.String),
)


def upgrade() -> None:
    """Add the links."""
    op.add_column("event", sa.Column("link", sa.String(64), nullable=False, server_default=""))
    connection, before = op.get_bind(), BEFORE_THE_FIRST
    for row in connection.execute(sa.select(_event).order_by(_event.c.serial)).all():
        before = link_of(
            before, serial=row.serial, at=row.at, kind=row.kind, subject=row.subject, facts=row.facts, by=row.by
        )
        connection.execute(sa.update(_event).where(_event.c.serial == row.serial).values(link=before))
