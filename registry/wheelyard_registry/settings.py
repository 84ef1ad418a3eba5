"""The settings of a registry, as one frozen value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

PYPI = "https://pypi.org/simple/"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a registry needs to know; ``create_app`` takes nothing else.

    Attributes:
        data: the directory that holds everything (see docs/registry.md for its layout).
        upstream: simple index asked for names that are not private here; None switches it off.
        database: SQLAlchemy URL of the catalogue; None means SQLite under ``data``.
        anonymous_read: whether reading needs no credentials.
        max_upload: largest request body in bytes.
        upload_threads: uploads parsed and checked at the same time; further ones wait, already staged.
        page_ttl: how long an upstream page is served without asking upstream again.
        upstream_timeout: seconds without progress before an upstream request is given up.
        upstream_retries: new attempts at opening an upstream connection.
    """

    data: Path
    upstream: str | None = PYPI
    database: str | None = None
    anonymous_read: bool = False
    max_upload: int = 8 * 1024**3
    upload_threads: int = 8
    page_ttl: dt.timedelta = dt.timedelta(minutes=5)
    upstream_timeout: float = 20.0
    upstream_retries: int = 2

    def __post_init__(self) -> None:
        if not self.data.is_absolute():
            raise ValueError(f"the data directory must be absolute, not {self.data}")

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the catalogue."""
        return self.database or f"sqlite:///{self.data / 'catalogue.sqlite3'}"

    @property
    def blobs(self) -> Path:
        """Content of the private files. Every catalogue row points in here."""
        return self.data / "blobs"

    @property
    def cache(self) -> Path:
        """Content of upstream files. May be deleted at any time."""
        return self.data / "cache"

    @property
    def staging(self) -> Path:
        """Bytes that are not (yet) part of anything. Emptied at start."""
        return self.data / "staging"
