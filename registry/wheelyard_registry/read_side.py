"""The whole read side, joined from its layers: what the routes serve, and what checks are solved against."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.cooldowns import Cooldowns, CooldownsThen
from wheelyard_registry.catalogue.database import Clock, Database
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.files_then import FilesThen
from wheelyard_registry.catalogue.mirror import Mirror
from wheelyard_registry.cooldown import Cooldown
from wheelyard_registry.index import Index, OriginRule, PrivateIndex
from wheelyard_registry.origin import Origin
from wheelyard_registry.pull_through import PullThrough
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import open_cache
from wheelyard_registry.upstream import Upstream
from wheelyard_registry.upstream_files import UpstreamFiles
from wheelyard_registry.upstreams import FirstThatHas


@dataclass(frozen=True, slots=True)
class KnownThen:
    """An ``index`` of everything that was known at a time and may be had today, and its private part."""

    index: Index
    private: PrivateIndex


@dataclass(frozen=True, slots=True)
class ReadSide:
    """An ``index`` of everything, and its parts; ``then`` makes that of an earlier time."""

    index: Index
    then: Callable[[dt.datetime], KnownThen]
    private: PrivateIndex
    origin: Origin
    upstreams: tuple[Upstream, ...]
    pulling: tuple[PullThrough, ...]
    cooldowns: Cooldowns
    cooldown: Cooldown | None

    async def close(self) -> None:
        """Stop what is under way, and close the connections to upstream."""
        for pull_through in self.pulling:
            await pull_through.close()


def open_read_side(settings: Settings, database: Database, blobs: BlobStore, clock: Clock) -> ReadSide:
    """The read side of the registry that these settings describe."""
    timeout, retries = settings.upstream_timeout, settings.upstream_retries
    upstreams = tuple(
        Upstream(index, timeout=timeout, retries=retries, offline=settings.offline) for index in settings.upstreams
    )
    cache = open_cache(settings)
    pulling = tuple(
        _pull_through(settings, upstream, Mirror(database, upstream.url), cache, clock) for upstream in upstreams
    )
    private, origin = PrivateIndex(Files(database), blobs), Origin(settings.reserved, upstreams)
    cooldowns = Cooldowns(database)

    def cooled(index: Index) -> Cooldown:
        return Cooldown(index, cooldowns, clock, settings.cooldown, dry_run=settings.cooldown_dry_run)

    def then(at: dt.datetime) -> KnownThen:
        known = FirstThatHas([pull_through.then(at) for pull_through in pulling])
        old_enough = Cooldown(known, CooldownsThen(cooldowns, at), lambda: at, cooldowns.period(at), dry_run=False)
        private_then = PrivateIndex(FilesThen(database, at), blobs)
        return KnownThen(OriginRule(private_then, origin, cooled(old_enough) if pulling else None), private_then)

    cooldown = cooled(FirstThatHas(pulling)) if pulling else None
    index = OriginRule(private, origin, cooldown)
    return ReadSide(index, then, private, origin, upstreams, pulling, cooldowns, cooldown)


def _pull_through(
    settings: Settings, upstream: Upstream, mirror: Mirror, cache: BlobStore, clock: Clock
) -> PullThrough:
    files = UpstreamFiles(upstream, mirror, cache, clock)
    return PullThrough(upstream, mirror, files, clock, settings.page_ttl)
