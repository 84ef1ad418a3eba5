"""The times of upstream files, and waivers of the cooldown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; make the table."""
    op.add_column("upstream_file", sa.Column("first_seen_at", sa.DateTime(timezone=True)))
    op.add_column("upstream_file", sa.Column("added_at", sa.DateTime(timezone=True)))
    op.create_table(
        "cooldown_waiver",
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_cooldown_waiver"),
    )
