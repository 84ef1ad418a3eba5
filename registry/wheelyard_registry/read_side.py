"""The whole read side, joined from its layers: what the routes serve, and what checks are solved against."""

from __future__ import annotations

from dataclasses import dataclass

from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.cooldowns import Cooldowns
from wheelyard_registry.catalogue.database import Clock, Database
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.mirror import Mirror
from wheelyard_registry.cooldown import Cooldown
from wheelyard_registry.index import Index, OriginRule, PrivateIndex
from wheelyard_registry.origin import Origin
from wheelyard_registry.pull_through import PullThrough
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import open_cache
from wheelyard_registry.upstream import Upstream
from wheelyard_registry.upstreams import FirstThatHas


@dataclass(frozen=True, slots=True)
class ReadSide:
    """An ``index`` of everything, and its parts."""

    index: Index
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
        PullThrough(upstream, Mirror(database, upstream.url), cache, clock, settings.page_ttl) for upstream in upstreams
    )
    private, origin = PrivateIndex(Files(database), blobs), Origin(settings.reserved, upstreams)
    cooldowns = Cooldowns(database)
    cooldown = None
    if pulling:
        layers = FirstThatHas(pulling), cooldowns, clock, settings.cooldown
        cooldown = Cooldown(*layers, dry_run=settings.cooldown_dry_run)
    return ReadSide(OriginRule(private, origin, cooldown), private, origin, upstreams, pulling, cooldowns, cooldown)
