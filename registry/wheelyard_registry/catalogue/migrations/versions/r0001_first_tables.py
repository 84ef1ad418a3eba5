"""First tables: events, projects, files, tokens, deployments, and what is known of upstream.

A revision is written out in full and never changed once released: it must keep making what it made then, whatever
``tables.py`` has become since.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from wheelyard_registry.catalogue.tables import UtcTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _log_and_files()
    _tokens_and_deployments()
    _upstream()


def _log_and_files() -> None:
    op.create_table(
        "event",
        sa.Column("serial", _serial, autoincrement=True, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(400), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_event"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "project",
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("serial", _serial, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_project"),
    )
    op.create_table(
        "file",
        sa.Column("filename", sa.String(300), nullable=False),
        sa.Column("identity", sa.String(300), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("requires_python", sa.String(200)),
        sa.Column("metadata_sha256", sa.String(64)),
        sa.Column("yanked", sa.Text()),
        sa.Column("uploaded_at", UtcTime(), nullable=False),
        sa.Column("uploaded_by", sa.String(80), nullable=False),
        sa.Column("serial", _serial, nullable=False),
        sa.ForeignKeyConstraint(["project"], ["project.name"], name="fk_file_project"),
        sa.PrimaryKeyConstraint("filename", name="pk_file"),
        sa.UniqueConstraint("identity", name="uq_file_identity"),
    )
    op.create_index("ix_file_project", "file", ["project"])
    op.create_index("ix_file_sha256", "file", ["sha256"])


def _tokens_and_deployments() -> None:
    op.create_table(
        "token",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime()),
        sa.PrimaryKeyConstraint("id", name="pk_token"),
    )
    op.create_table(
        "deployment",
        sa.Column("serial", _serial, autoincrement=False, nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("version", sa.String(200), nullable=False),
        sa.Column("stage", sa.String(80), nullable=False),
        sa.Column("slot", sa.String(80), nullable=False),
        sa.Column("owner", sa.String(200)),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("recorded_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("serial", name="pk_deployment"),
    )
    op.create_index("ix_deployment_place", "deployment", ["stage", "model", "slot", "serial"])


def _upstream() -> None:
    op.create_table(
        "upstream_page",
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("content_type", sa.String(200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("checked_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_upstream_page"),
    )
    op.create_table(
        "upstream_file",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("filename", sa.String(300), nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("metadata_sha256", sa.String(64)),
        sa.PrimaryKeyConstraint("source", name="pk_upstream_file"),
    )
    op.create_index("ix_upstream_file_project", "upstream_file", ["project"])
