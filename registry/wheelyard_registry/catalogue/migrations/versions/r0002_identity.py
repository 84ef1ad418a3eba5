"""Identity: what a token may do and until when; users, groups, and the groups that own projects.

The tokens of the first version could write everything, so they become administrators.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wheelyard_registry.catalogue.tables import UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen the tokens; make the tables of users and groups."""
    op.add_column("token", sa.Column("rights", sa.JSON(), nullable=False, server_default='["admin"]'))
    op.add_column("token", sa.Column("projects", sa.JSON(), nullable=False, server_default='["*"]'))
    op.add_column("token", sa.Column("user", sa.String(64)))
    op.add_column("token", sa.Column("created_by", sa.String(80), nullable=False, server_default="start"))
    op.add_column("token", sa.Column("expires_at", UtcTime()))
    op.add_column("token", sa.Column("last_used_at", UtcTime()))
    op.create_table(
        "account",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("password", sa.String(300), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("disabled_at", UtcTime()),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )
    op.create_table(
        "user_group",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("rights", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_user_group"),
    )
    op.create_table(
        "membership",
        sa.Column("group", sa.String(64), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["user_group.name"], name="fk_membership_group"),
        sa.ForeignKeyConstraint(["user"], ["account.name"], name="fk_membership_user"),
        sa.PrimaryKeyConstraint("group", "user", name="pk_membership"),
    )
    op.create_table(
        "ownership",
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("group", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["group"], ["user_group.name"], name="fk_ownership_group"),
        sa.PrimaryKeyConstraint("project", "group", name="pk_ownership"),
    )
