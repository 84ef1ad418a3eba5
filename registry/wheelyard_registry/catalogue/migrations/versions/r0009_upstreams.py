"""Several upstream indexes: a cached page belongs to one of them. Cached pages are dropped and fetched again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table anew."""
    op.drop_table("upstream_page")
    op.create_table(
        "upstream_page",
        sa.Column("index", sa.Text(), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("index", "project", name="pk_upstream_page"),
    )
