"""What is deployed: an append-only record.

What runs at a place at some time is the newest entry of that place by then, unless that entry retires it. Entries are
ordered by the time they speak of, ``since``, and where that is equal by their serial.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import sqlalchemy as sa
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.admitting import admit, require_promoted, stage_of
from wheelyard_registry.catalogue.audit import append_event, time_text
from wheelyard_registry.catalogue.bases import accepted_bases
from wheelyard_registry.catalogue.database import Clock, Database
from wheelyard_registry.deployment_errors import FutureTime, KeyReused, NotDeployed, UnknownRelease
from wheelyard_registry.solved import NOT_ASKED, Solved
from wheelyard_resolver.model import DEFAULT_SLOT

SKEW = dt.timedelta(minutes=1)
"""How far the clock of a sender may be ahead; such a time is taken as now."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one model runs: what is deployed there supersedes what was."""

    model: NormalizedName
    stage: str
    slot: str

    def __str__(self) -> str:
        return f"{self.stage}/{self.slot}"


@dataclass(frozen=True, slots=True)
class Release:
    """What is to run. ``base`` is ``NAME`` or ``NAME@sha256:...``; ``image`` ends in the digest of its manifest.

    ``lock`` is the sha256 of the lock that the base was accepted with, where that is known. ``requires`` are the
    requirement lines of a model that has no package here; None where it has one.
    """

    version: str
    base: str | None = None
    lock: str | None = None
    image: str | None = None
    commit: str | None = None
    data_version: str | None = None
    requires: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for a change, and about which time; None: now.

    ``digest`` is that of all that was asked, so that the same request under the same ``key`` is done once, and another
    one under it is noticed.
    """

    sender: str
    digest: str
    at: dt.datetime | None = None
    key: str | None = None
    deployed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Deployment:
    """``model`` runs in ``version`` at a place since a time; if ``retired``, it no longer does.

    ``recorded_by`` is whose credentials said so, ``deployed_by`` whom they named. ``warnings`` are what spoke against
    it when it was admitted.
    """

    serial: int
    model: NormalizedName
    version: str
    stage: str
    slot: str
    owner: str | None
    base: str | None
    lock: str | None
    image: str | None
    commit: str | None
    data_version: str | None
    retired: bool
    warnings: tuple[str, ...]
    requires: tuple[str, ...] | None
    since: dt.datetime
    deployed_by: str | None
    recorded_at: dt.datetime
    recorded_by: str

    @property
    def place(self) -> Place:
        """Where it runs."""
        return Place(self.model, self.stage, self.slot)

    @property
    def key(self) -> str:
        """What identifies it in the fleet of its stage: ``name``, or ``name@slot`` outside the default slot."""
        return self.model if self.slot == DEFAULT_SLOT else f"{self.model}@{self.slot}"

    @property
    def release(self) -> Release:
        """What runs there."""
        return Release(self.version, self.base, self.lock, self.image, self.commit, self.data_version, self.requires)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry, and whether it was there already: a request that is repeated under its key changes nothing."""

    deployment: Deployment
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Which entries are meant; None means all."""

    stage: str | None = None
    model: NormalizedName | None = None
    slot: str | None = None

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The rows of the table ``deployment`` that are meant."""
        given = {"stage": self.stage, "model": self.model, "slot": self.slot}
        return sa.and_(sa.true(), *(tables.deployment.c[name] == value for name, value in given.items() if value))


class Deployments:
    """Deployments of model packages. Each change is one transaction with one event; nothing is overwritten.

    Every change raises:
        FutureTime: the time it speaks of has not come.
        UnknownStage, NotPromoted, NotAdmitted: the configured stages do not take it.
        KeyReused: another request came under its key before.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(
        self, place: Place, release: Release, owner: str | None, request: Request, solved: Solved = NOT_ASKED
    ) -> Recorded:
        """A release runs at a place; without ``owner`` it is who owned the model last. ``solved`` is what speaks
        against that.

        Raises:
            UnknownRelease: no file of it is here, and its requirement lines were never stated, now or before.
        """
        with self._database.write() as connection:
            earlier = _repeated(connection, place.model, request)
            if earlier is not None:
                return earlier
            release = _stored(connection, place.model, release)
            return self._append(connection, "deployed", place, release, owner, request, solved)

    def retire(self, place: Place, request: Request) -> Recorded:
        """Nothing of the model runs at a place any more.

        Raises:
            NotDeployed: nothing did.
        """
        with self._database.write() as connection:
            earlier = _repeated(connection, place.model, request)
            if earlier is not None:
                return earlier
            running = _require(connection, place, request.at)
            return self._append(connection, "retired", place, running.release, running.owner, request)

    def promote(self, place: Place, stage: str, request: Request, solved: Solved = NOT_ASKED) -> Recorded:
        """What runs at a place runs in another stage as well, in the same slot: same base, image, commit and data.

        ``solved`` is what speaks against it there.

        Raises:
            NotDeployed: nothing runs there.
        """
        with self._database.write() as connection:
            earlier = _repeated(connection, place.model, request)
            if earlier is not None:
                return earlier
            running = _require(connection, place, request.at)
            facts = {"promoted_from": place.stage}
            target = replace(place, stage=stage)
            return self._append(connection, "deployed", target, running.release, running.owner, request, solved, facts)

    def _append(
        self,
        connection: sa.Connection,
        kind: str,
        place: Place,
        release: Release,
        owner: str | None,
        request: Request,
        solved: Solved = NOT_ASKED,
        more: Mapping[str, object] | None = None,
    ) -> Recorded:
        now = self._clock()
        since = _since(connection, place, request.at, now)
        owner = owner or _owner(connection, place.model)
        retired = kind == "retired"
        warnings = () if retired else _admit(connection, place, release, since, solved)
        said = {
            "stage": place.stage,
            "slot": place.slot,
            "owner": owner,
            "base": release.base,
            "lock": _lock(connection, place, release, since),
            "image": release.image,
            "commit": release.commit,
            "data_version": release.data_version,
            "deployed_by": request.deployed_by,
        }
        serial = append_event(
            connection,
            at=now,
            kind=kind,
            subject=f"{place.model}=={release.version}",
            facts={**_facts(said, release, warnings), "since": time_text(since), **(more or {})},
            by=request.sender,
        )
        values = {
            **said,
            "serial": serial,
            "model": place.model,
            "version": release.version,
            "retired": retired,
            "warnings": warnings,
            "requires": release.requires,
            "since": since,
            "recorded_at": now,
            "recorded_by": request.sender,
        }
        asked = {"idempotency_key": request.key, "request": request.digest if request.key else None}
        connection.execute(sa.insert(tables.deployment).values(**values, **asked))
        return Recorded(Deployment(**values))  # type: ignore[arg-type]  # its fields by their names

    def running(
        self, chosen: Choice, *, at: dt.datetime | None = None, after: int = 0, limit: int | None = None
    ) -> tuple[Deployment, ...]:
        """What runs, or ran at a time, in the order of recording; up to ``limit`` with a serial above ``after``.

        Raises:
            FutureTime: nobody knows what will run then.
        """
        if at is not None:
            _require_past(at, self._clock())
        query = _running(chosen, at)
        return self._read(query.where(query.selected_columns.serial > after).order_by("serial").limit(limit))

    def history(self, chosen: Choice, *, after: int = 0, limit: int | None = None) -> tuple[Deployment, ...]:
        """Everything recorded, in the order of recording; up to ``limit`` with a serial above ``after``."""
        table = tables.deployment
        query = sa.select(*_COLUMNS).where(chosen.condition, table.c.serial > after)
        return self._read(query.order_by(table.c.serial).limit(limit))

    def _read(self, query: sa.Select[tuple[object, ...]]) -> tuple[Deployment, ...]:
        with self._database.read() as connection:
            return tuple(_deployment(row) for row in connection.execute(query).mappings())


def _facts(said: Mapping[str, object], release: Release, warnings: Sequence[str]) -> dict[str, object]:
    """What an event says of a deployment: what is known of it, in JSON."""
    facts = {name: value for name, value in said.items() if value is not None}
    if warnings:
        facts["warnings"] = list(warnings)
    if release.requires is not None:
        facts["requires"] = list(release.requires)
    return facts


def places_of(connection: sa.Connection, model: NormalizedName, version: str) -> tuple[str, ...]:
    """Where a release runs now, as ``stage/slot``; inside a transaction of the caller."""
    running = (_deployment(row) for row in connection.execute(_running(Choice(model=model), None)).mappings())
    return tuple(sorted(str(each.place) for each in running if each.version == version))


_COLUMNS = [tables.deployment.c[field.name] for field in fields(Deployment)]


def _running(chosen: Choice, at: dt.datetime | None) -> sa.Select[tuple[object, ...]]:
    """The newest entry of each place, by a time, as far as it is not retired."""
    table = tables.deployment
    newest_first = sa.func.row_number().over(
        partition_by=(table.c.stage, table.c.model, table.c.slot),
        order_by=(table.c.since.desc(), table.c.serial.desc()),
    )
    entries = sa.select(*_COLUMNS, newest_first.label("age")).where(chosen.condition)
    known = (entries if at is None else entries.where(table.c.since <= at)).subquery()
    columns = [known.c[column.name] for column in _COLUMNS]
    return sa.select(*columns).where(known.c.age == 1, known.c.retired.is_(sa.false()))


def _require(connection: sa.Connection, place: Place, at: dt.datetime | None) -> Deployment:
    chosen = Choice(place.stage, place.model, place.slot)
    row = connection.execute(_running(chosen, at)).mappings().one_or_none()
    if row is None:
        raise NotDeployed(model=place.model, place=str(place))
    return _deployment(row)


def _deployment(row: sa.RowMapping) -> Deployment:
    values: dict[str, Any] = {column.name: row[column.name] for column in _COLUMNS}
    requires = row["requires"]
    lists = {"warnings": tuple(row["warnings"]), "requires": None if requires is None else tuple(requires)}
    return Deployment(**{**values, **lists})


def _repeated(connection: sa.Connection, model: NormalizedName, request: Request) -> Recorded | None:
    if request.key is None:
        return None
    table = tables.deployment
    query = sa.select(*_COLUMNS, table.c.request).where(table.c.model == model, table.c.idempotency_key == request.key)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        return None
    if row["request"] != request.digest:
        raise KeyReused(key=request.key, model=model)
    return Recorded(_deployment(row), repeated=True)


def _require_past(at: dt.datetime, now: dt.datetime) -> None:
    if at > now + SKEW:
        raise FutureTime(time=time_text(at), now=time_text(now))


def _since(connection: sa.Connection, place: Place, at: dt.datetime | None, now: dt.datetime) -> dt.datetime:
    if at is not None:
        _require_past(at, now)
        return min(at, now)
    # What is recorded last supersedes, even if the clock of another replica was ahead.
    chosen = Choice(place.stage, place.model, place.slot)
    newest = connection.execute(sa.select(sa.func.max(tables.deployment.c.since)).where(chosen.condition)).scalar()
    return now if newest is None else max(now, newest)


def _admit(
    connection: sa.Connection, place: Place, release: Release, since: dt.datetime, solved: Solved
) -> tuple[str, ...]:
    stage, before = stage_of(connection, place.stage)
    if stage is None:
        return ()
    if before is not None:
        require_promoted(
            place.model, release.version, stage, before, places_of(connection, place.model, release.version)
        )
    return admit(connection, stage, place.model, release.version, release.base, since, solved)


def _lock(connection: sa.Connection, place: Place, release: Release, since: dt.datetime) -> str | None:
    if release.lock is not None or release.base is None:
        return release.lock
    name, bases = release.base.partition("@")[0], accepted_bases(connection, place.stage, since)
    return next((base.lock for base in bases if base.name == name), None)


def _stored(connection: sa.Connection, model: NormalizedName, release: Release) -> Release:
    """A release as it is here, or as it states itself."""
    text = release.version
    query = sa.select(tables.file.c.version).where(tables.file.c.project == model).distinct()
    known: list[str] = sorted(connection.execute(query).scalars(), key=Version)
    for version in known:
        if Version(version) == Version(text):
            return replace(release, version=version, requires=None)
    if release.requires is not None:
        return replace(release, version=str(Version(text)))
    stated = _stated_before(connection, model, Version(text))
    if stated is not None:
        return replace(release, version=stated.version, requires=stated.requires)
    raise UnknownRelease(model=model, version=text, known=known)


def _stated_before(connection: sa.Connection, model: NormalizedName, version: Version) -> Release | None:
    """This release of a model without a package, as it was recorded last."""
    table = tables.deployment
    query = sa.select(table.c.version, table.c.requires).where(table.c.model == model, table.c.requires.is_not(None))
    for known, requires in connection.execute(query.order_by(table.c.serial.desc())):
        if Version(known) == version:
            return Release(known, requires=tuple(requires))
    return None


def _owner(connection: sa.Connection, model: NormalizedName) -> str | None:
    table = tables.deployment
    query = sa.select(table.c.owner).where(table.c.model == model, table.c.owner.is_not(None))
    return connection.execute(query.order_by(table.c.serial.desc()).limit(1)).scalar_one_or_none()
