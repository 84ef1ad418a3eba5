"""Lifecycle: the status of projects, quarantined files, and names that are never used again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wheelyard_registry.catalogue.tables import UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; make the table of tombstones."""
    op.add_column("project", sa.Column("status", sa.String(20), nullable=False, server_default="active"))
    op.add_column("project", sa.Column("status_reason", sa.Text()))
    op.add_column("file", sa.Column("quarantined", sa.Text()))
    op.create_table(
        "tombstone",
        sa.Column("identity", sa.String(300), nullable=False),
        sa.Column("filename", sa.String(300), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("deleted_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_tombstone"),
    )
