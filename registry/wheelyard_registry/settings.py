"""The settings of a registry, as one frozen value."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import dataclass
from pathlib import Path

from wheelyard_registry.trusted_proxies import Network
from wheelyard_registry.upstream_index import PYPI, UpstreamIndex

RESERVABLE = re.compile(r"[a-z0-9][a-z0-9*?\[\]-]*")
"""Patterns that may be reserved: of normalised names, and not of all of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a registry needs to know; ``create_app`` takes nothing else.

    Attributes:
        data: the directory that holds everything (see docs/registry.md for its layout).
        upstreams: simple indexes asked for names that are not private here, in this order.
        reserved: shell-style patterns of normalised names that never leave this house.
        database: SQLAlchemy URL of the catalogue; None means SQLite under ``data``.
        anonymous_read: whether reading needs no credentials.
        trusted_proxies: where reverse proxies are, whose X-Forwarded-For is believed.
        max_upload: largest request body in bytes.
        upload_threads: uploads parsed and checked at the same time; further ones wait, already staged.
        page_ttl: how long an upstream page is served without asking upstream again.
        offline: whether upstreams are never asked; what was fetched before is served.
        cooldown: age that upstream files must reach before they are served; zero serves them at once.
        cooldown_dry_run: count what the cooldown would hide, and hide nothing.
        watch_interval: how often upstream is asked for the private names, to notice one that is taken there.
        sweep_interval: how often leftovers of crashes are looked for.
        upstream_timeout: seconds without progress before an upstream request is given up.
        upstream_retries: new attempts at opening an upstream connection.
        check_workers: processes that solve checks, and so how many are solved at the same time.
        check_queue: further checks that may wait for a worker; beyond that they are refused.
        check_deadline: seconds after which a check is undecided, and its worker replaced.
    """

    data: Path
    upstreams: tuple[UpstreamIndex, ...] = (UpstreamIndex(PYPI),)
    database: str | None = None
    reserved: tuple[str, ...] = ()
    anonymous_read: bool = False
    trusted_proxies: tuple[Network, ...] = ()
    max_upload: int = 8 * 1024**3
    upload_threads: int = 8
    page_ttl: dt.timedelta = dt.timedelta(minutes=5)
    offline: bool = False
    cooldown: dt.timedelta = dt.timedelta(0)
    cooldown_dry_run: bool = False
    watch_interval: dt.timedelta = dt.timedelta(hours=1)
    sweep_interval: dt.timedelta = dt.timedelta(hours=1)
    upstream_timeout: float = 20.0
    upstream_retries: int = 2
    check_workers: int = max(1, (os.cpu_count() or 2) - 1)  # one processor is left for pages and files
    check_queue: int = 64
    check_deadline: float = 120.0

    def __post_init__(self) -> None:
        if not self.data.is_absolute():
            raise ValueError(f"the data directory must be absolute, not {self.data}")
        for pattern in self.reserved:
            if RESERVABLE.fullmatch(pattern) is None:
                raise ValueError(f"{pattern!r} is not a pattern of normalised names, such as acme-*")

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
        """Bytes that are not (yet) part of anything. Swept (see :mod:`.leftovers`)."""
        return self.data / "staging"
