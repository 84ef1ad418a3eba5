"""Origin: which private names also show upstream's files, and which were met upstream unasked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wheelyard_registry.catalogue.tables import UtcTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("project", sa.Column("overlay", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("project", sa.Column("met_upstream_at", UtcTime()))
