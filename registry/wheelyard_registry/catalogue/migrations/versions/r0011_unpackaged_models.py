"""Deployments of models that have no package here: they state their requirement lines themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("deployment", sa.Column("requires", sa.JSON(none_as_null=True)))
