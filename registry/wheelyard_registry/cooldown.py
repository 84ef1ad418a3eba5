"""Young upstream files are not served: most malicious releases are found out within days.

A file's age counts from its upload upstream; where upstream does not say, from when it was first seen here. Unknown is
never old enough.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import anyio.to_thread
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue.cooldowns import CooldownFacts, FirstSeen, Waiver
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.index import HeldMetadata, Index, Listing, LocalBlob, Remote
from wheelyard_registry.upstream_errors import CoolingDown
from wheelyard_resolver.page import DistributionFile


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides whether a file of a project is old enough, as of ``now``."""

    period: dt.timedelta
    now: dt.datetime
    waiver: Waiver | None
    first_seen: FirstSeen
    locked: frozenset[str]

    def hidden_until(self, file: DistributionFile) -> dt.datetime | None:
        """When the file will be old enough; None if it may be served now."""
        since = file.upload_time or self._seen(file)
        until = since + self.period
        return None if until <= self.now or self.waived or file.sha256 in self.locked else until

    @property
    def waived(self) -> bool:
        """Whether a waiver is in force."""
        return self.waiver is not None and self.now < self.waiver.until

    def _seen(self, file: DistributionFile) -> dt.datetime:
        stated = self.first_seen.get((file.filename, file.sha256 or ""))
        return stated or self.first_seen.get((file.filename, ""), self.now)


class Cooldown:
    """An index without its young files. With ``dry_run`` it hides nothing and only counts."""

    def __init__(
        self, index: Index, cooldowns: CooldownFacts, clock: Clock, period: dt.timedelta, *, dry_run: bool
    ) -> None:
        self._index = index
        self._cooldowns = cooldowns
        self._clock = clock
        self._period = period
        self._dry_run = dry_run
        self._counted: dict[NormalizedName, int] = {}

    @property
    def counted(self) -> int:
        """How many files of the pages made so far are hidden, or would be."""
        return sum(self._counted.values())

    async def listing(self, project: NormalizedName) -> Listing | None:
        """See :class:`~wheelyard_registry.index.Index`."""
        listing = await self._index.listing(project)
        if listing is None or not self._period:
            return listing
        policy = await anyio.to_thread.run_sync(self._policy, project)
        hidden = _hidden(policy, listing)
        self._counted[project] = len(hidden)
        if self._dry_run:
            return listing
        shown = tuple(file for file in listing.page.files if file.filename not in hidden)
        turns = [turn for turn in (listing.changes_at, *hidden.values(), _waiver_end(policy)) if turn is not None]
        changes_at = min(turns, default=None)
        return replace(listing, page=replace(listing.page, files=shown), changes_at=changes_at)

    async def file(self, project: NormalizedName, filename: str) -> LocalBlob | Remote | None:
        """See :class:`~wheelyard_registry.index.Index`. Raises CoolingDown for a young file."""
        until = await self._require_old(project, filename)
        found = await self._index.file(project, filename)
        return _until(found, until) if isinstance(found, LocalBlob) else found

    async def metadata(self, project: NormalizedName, filename: str) -> LocalBlob | HeldMetadata | None:
        """See :class:`~wheelyard_registry.index.Index`. Raises CoolingDown for that of a young file."""
        until = await self._require_old(project, filename)
        found = await self._index.metadata(project, filename)
        return _until(found, until) if isinstance(found, LocalBlob) else found

    async def _require_old(self, project: NormalizedName, filename: str) -> dt.datetime | None:
        """Return until when the file is served by a waiver alone, if it is."""
        listing = None if self._dry_run or not self._period else await self._index.listing(project)
        if listing is None:
            return None
        policy = await anyio.to_thread.run_sync(self._policy, project)
        hidden = _hidden(policy, listing)
        if filename in hidden:
            raise CoolingDown(filename=filename, until=hidden[filename], days=self._period.days)
        return _waiver_end(policy)

    def _policy(self, project: NormalizedName) -> Policy:
        cooldowns = self._cooldowns
        return Policy(
            period=self._period,
            now=self._clock(),
            waiver=cooldowns.waiver(project),
            first_seen=cooldowns.first_seen(project),
            locked=cooldowns.locked(),
        )


def _hidden(policy: Policy, listing: Listing) -> Mapping[str, dt.datetime]:
    judged = ((file.filename, policy.hidden_until(file)) for file in listing.page.files)
    return {filename: until for filename, until in judged if until is not None}


def _waiver_end(policy: Policy) -> dt.datetime | None:
    return policy.waiver.until if policy.waived and policy.waiver is not None else None


def _until(blob: LocalBlob, end: dt.datetime | None) -> LocalBlob:
    turns = [turn for turn in (blob.changes_at, end) if turn is not None]
    return replace(blob, changes_at=min(turns, default=None))
