"""The order in which something was learnt last of each project upstream."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "upstream_learnt",
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_upstream_learnt"),
        sa.UniqueConstraint("serial", name="uq_upstream_learnt_serial"),
    )
