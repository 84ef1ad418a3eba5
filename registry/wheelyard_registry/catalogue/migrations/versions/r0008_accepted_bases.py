"""Accepted bases of each stage, the locks that they were accepted with, and which lock a deployment runs on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wheelyard_registry.catalogue.tables import UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables; add the column."""
    op.create_table(
        "lock",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_lock"),
    )
    op.create_table(
        "acceptance",
        sa.Column("serial", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("stage", sa.String(80), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("snapshot", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_acceptance"),
    )
    op.create_index("ix_acceptance_stage", "acceptance", ["stage"])
    op.create_table(
        "accepted_base",
        sa.Column("serial", _SERIAL, autoincrement=False, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("revision", sa.String(80), nullable=False),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("lock", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("serial", "name", name="pk_accepted_base"),
        sa.ForeignKeyConstraint(["serial"], ["acceptance.serial"], name="fk_accepted_base_serial"),
        sa.ForeignKeyConstraint(["lock"], ["lock.sha256"], name="fk_accepted_base_lock"),
    )
    op.add_column("deployment", sa.Column("lock", sa.String(64)))
