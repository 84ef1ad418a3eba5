"""Deployments: what exactly runs, since when, recorded when, retired places, and keys that make repeating harmless."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wheelyard_registry.catalogue.tables import UtcTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. What is there was recorded at the time that it speaks of."""
    for name, length in (("base", 200), ("image", 400), ("commit", 64), ("data_version", 200), ("deployed_by", 80)):
        op.add_column("deployment", sa.Column(name, sa.String(length)))
    op.add_column("deployment", sa.Column("retired", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deployment", sa.Column("recorded_at", UtcTime()))
    op.execute("UPDATE deployment SET recorded_at = since")
    with op.batch_alter_table("deployment") as table:
        table.alter_column("recorded_at", existing_type=UtcTime(), nullable=False)
    op.add_column("deployment", sa.Column("idempotency_key", sa.String(200)))
    op.add_column("deployment", sa.Column("request", sa.String(64)))
    op.create_index("ix_deployment_key", "deployment", ["model", "idempotency_key"], unique=True)
