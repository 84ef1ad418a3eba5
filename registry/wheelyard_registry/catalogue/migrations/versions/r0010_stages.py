"""Configured stages, and what was noted when a deployment was admitted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; add the column."""
    op.create_table(
        "stage",
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("python", sa.String(20), nullable=False),
        sa.Column("platform", sa.String(80), nullable=False),
        sa.Column("max_bases", sa.Integer()),
        sa.Column("promoted_only", sa.Boolean(), nullable=False),
        sa.Column("admission", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_stage"),
    )
    op.add_column("deployment", sa.Column("warnings", sa.JSON(), nullable=False, server_default="[]"))
