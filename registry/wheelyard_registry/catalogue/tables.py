"""The tables of the catalogue. The migrations beside this module make them; a test holds the two together."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa


class UtcTime(sa.types.TypeDecorator[dt.datetime]):
    """An aware time in UTC; SQLite has no zones and gives naive times back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Refuse naive times, store the others in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(dt.timezone.utc)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Give aware times back."""
        if value is None:
            return None
        assert isinstance(value, dt.datetime)
        return value.replace(tzinfo=dt.timezone.utc) if value.tzinfo is None else value


metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

# SQLite numbers rows by itself only where the key is a plain INTEGER.
_serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _by_digest(name: str, body: type[sa.LargeBinary | sa.Text]) -> sa.Table:
    """A table of small contents, each under the sha256 of its bytes."""
    digest = sa.Column("sha256", sa.String(64), primary_key=True)
    return sa.Table(name, metadata, digest, sa.Column("body", body, nullable=False))


event = sa.Table(
    "event",
    metadata,
    sa.Column("serial", _serial, primary_key=True, autoincrement=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("subject", sa.String(400), nullable=False, index=True),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("link", sa.String(64), nullable=False),
    sqlite_autoincrement=True,  # a serial is never given out again
)

project = sa.Table(
    "project",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("serial", _serial, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("status_reason", sa.Text),
    sa.Column("overlay", sa.Boolean, nullable=False, default=False),
    sa.Column("met_upstream_at", UtcTime),
    sa.Column("stage", sa.String(80)),
)

file = sa.Table(
    "file",
    metadata,
    sa.Column("filename", sa.String(300), primary_key=True),
    sa.Column("identity", sa.String(300), nullable=False, unique=True),
    sa.Column("project", sa.String(200), sa.ForeignKey("project.name"), nullable=False, index=True),
    sa.Column("version", sa.String(200), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, index=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("requires_python", sa.String(200)),
    sa.Column("metadata_sha256", sa.String(64)),
    sa.Column("yanked", sa.Text),
    sa.Column("quarantined", sa.Text),
    sa.Column("uploaded_at", UtcTime, nullable=False),
    sa.Column("uploaded_by", sa.String(80), nullable=False),
    sa.Column("added_at", UtcTime, nullable=False),
    sa.Column("serial", _serial, nullable=False),
)

core_metadata = _by_digest("core_metadata", sa.LargeBinary)

# Names of files that were deleted. They are never used again.
tombstone = sa.Table(
    "tombstone",
    metadata,
    sa.Column("identity", sa.String(300), primary_key=True),
    sa.Column("filename", sa.String(300), nullable=False),
    sa.Column("project", sa.String(200), nullable=False, index=True),
    sa.Column("version", sa.String(200), nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("size", sa.BigInteger),
    sa.Column("requires_python", sa.String(200)),
    sa.Column("uploaded_at", UtcTime, nullable=False),
    sa.Column("added_at", UtcTime, nullable=False),
    sa.Column("deleted_at", UtcTime, nullable=False),
)

token = sa.Table(
    "token",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("label", sa.String(80), nullable=False),
    sa.Column("rights", sa.JSON, nullable=False),
    sa.Column("projects", sa.JSON, nullable=False),
    sa.Column("user", sa.String(64)),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("created_by", sa.String(80), nullable=False),
    sa.Column("expires_at", UtcTime),
    sa.Column("last_used_at", UtcTime),
    sa.Column("revoked_at", UtcTime),
)

account = sa.Table(
    "account",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("password", sa.String(300), nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("disabled_at", UtcTime),
)

user_group = sa.Table(
    "user_group",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("rights", sa.JSON, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
)

membership = sa.Table(
    "membership",
    metadata,
    sa.Column("group", sa.String(64), sa.ForeignKey("user_group.name"), primary_key=True),
    sa.Column("user", sa.String(64), sa.ForeignKey("account.name"), primary_key=True),
)

# No foreign key to the project: a name may be given to a group before its first file.
ownership = sa.Table(
    "ownership",
    metadata,
    sa.Column("project", sa.String(200), primary_key=True),
    sa.Column("group", sa.String(64), sa.ForeignKey("user_group.name"), primary_key=True),
)

deployment = sa.Table(
    "deployment",
    metadata,
    sa.Column("serial", _serial, primary_key=True, autoincrement=False),
    sa.Column("model", sa.String(200), nullable=False),
    sa.Column("version", sa.String(200), nullable=False),
    sa.Column("stage", sa.String(80), nullable=False),
    sa.Column("slot", sa.String(80), nullable=False),
    sa.Column("owner", sa.String(200)),
    sa.Column("base", sa.String(200)),
    sa.Column("lock", sa.String(64)),
    sa.Column("image", sa.String(400)),
    sa.Column("commit", sa.String(64)),
    sa.Column("data_version", sa.String(200)),
    sa.Column("retired", sa.Boolean, nullable=False),
    sa.Column("warnings", sa.JSON, nullable=False),
    sa.Column("requires", sa.JSON(none_as_null=True)),
    sa.Column("since", UtcTime, nullable=False),
    sa.Column("deployed_by", sa.String(80)),
    sa.Column("recorded_at", UtcTime, nullable=False),
    sa.Column("recorded_by", sa.String(80), nullable=False),
    sa.Column("idempotency_key", sa.String(200)),
    sa.Column("request", sa.String(64)),
    sa.Index("ix_deployment_key", "model", "idempotency_key", unique=True),
    sa.Index("ix_deployment_place", "stage", "model", "slot", "serial"),
)

stage = sa.Table(
    "stage",
    metadata,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("python", sa.String(20), nullable=False),
    sa.Column("platform", sa.String(80), nullable=False),
    sa.Column("max_bases", sa.Integer),
    sa.Column("promoted_only", sa.Boolean, nullable=False),
    sa.Column("admission", sa.String(10), nullable=False),
)

lock = _by_digest("lock", sa.Text)

acceptance = sa.Table(
    "acceptance",
    metadata,
    sa.Column("serial", _serial, primary_key=True, autoincrement=False),
    sa.Column("stage", sa.String(80), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
    sa.Column("snapshot", sa.String(80), nullable=False),
)

accepted_base = sa.Table(
    "accepted_base",
    metadata,
    sa.Column("serial", _serial, sa.ForeignKey("acceptance.serial"), primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("revision", sa.String(80), nullable=False),
    sa.Column("models", sa.JSON, nullable=False),
    sa.Column("lock", sa.String(64), sa.ForeignKey("lock.sha256"), nullable=False),
)

upstream_page = sa.Table(
    "upstream_page",
    metadata,
    sa.Column("index", sa.Text, primary_key=True),
    sa.Column("project", sa.String(200), primary_key=True),
    sa.Column("found", sa.Boolean, nullable=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("content_type", sa.String(200), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("etag", sa.Text),
    sa.Column("checked_at", UtcTime, nullable=False),
    sa.Column("found_since", UtcTime),
)

# What a page said of a file until a time, when it began to say something else. No entry: it did not list the file.
upstream_past = sa.Table(
    "upstream_past",
    metadata,
    sa.Column("index", sa.Text, primary_key=True),
    sa.Column("project", sa.String(200), primary_key=True),
    sa.Column("filename", sa.String(300), primary_key=True),
    sa.Column("until", UtcTime, primary_key=True),
    sa.Column("entry", sa.JSON(none_as_null=True)),
)

upstream_file = sa.Table(
    "upstream_file",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("project", sa.String(200), nullable=False, index=True),
    sa.Column("filename", sa.String(300), nullable=False),
    sa.Column("sha256", sa.String(64)),
    sa.Column("metadata_sha256", sa.String(64)),
    sa.Column("first_seen_at", UtcTime),
    sa.Column("added_at", UtcTime),
)

# In which order something was learnt last of each project upstream that changes what is said of it here.
upstream_learnt = sa.Table(
    "upstream_learnt",
    metadata,
    sa.Column("project", sa.String(200), primary_key=True),
    sa.Column("serial", sa.BigInteger, nullable=False, unique=True),
)

cooldown_waiver = sa.Table(
    "cooldown_waiver",
    metadata,
    sa.Column("project", sa.String(200), primary_key=True),
    sa.Column("until", UtcTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.String(80), nullable=False),
)
