"""What is deployed: an append-only record, of which the newest entry per place is current."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.audit import append_event
from wheelyard_registry.catalogue.database import Database


@dataclass(frozen=True, slots=True)
class Deployment:
    """``model`` runs in ``version`` at a place, that is (``stage``, ``slot``), since a time."""

    model: NormalizedName
    version: str
    stage: str
    slot: str
    owner: str | None
    since: dt.datetime
    recorded_by: str


class Deployments:
    """Deployments of model packages. Recording supersedes; nothing is overwritten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, deployment: Deployment) -> None:
        """Append a deployment; it becomes the current one of its model, stage and slot."""
        with self._database.write() as connection:
            serial = append_event(
                connection,
                at=deployment.since,
                kind="deployed",
                subject=f"{deployment.model}=={deployment.version}",
                facts={"stage": deployment.stage, "slot": deployment.slot, "owner": deployment.owner},
                by=deployment.recorded_by,
            )
            connection.execute(sa.insert(tables.deployment).values(serial=serial, **asdict(deployment)))

    def current(self, stage: str | None = None) -> tuple[Deployment, ...]:
        """What is deployed now, by stage, model and slot."""
        table = tables.deployment
        newest = sa.select(sa.func.max(table.c.serial)).group_by(table.c.model, table.c.stage, table.c.slot)
        query = _select(stage).where(table.c.serial.in_(newest)).order_by(table.c.stage, table.c.model, table.c.slot)
        return self._read(query)

    def history(self, stage: str | None = None) -> tuple[Deployment, ...]:
        """Everything ever recorded, oldest first."""
        return self._read(_select(stage).order_by(tables.deployment.c.serial))

    def owner(self, model: NormalizedName) -> str | None:
        """The owner last recorded for a model."""
        table = tables.deployment
        query = sa.select(table.c.owner).where(table.c.model == model, table.c.owner.is_not(None))
        with self._database.read() as connection:
            return connection.execute(query.order_by(table.c.serial.desc()).limit(1)).scalar_one_or_none()

    def _read(self, query: sa.Select[tuple[object, ...]]) -> tuple[Deployment, ...]:
        with self._database.read() as connection:
            return tuple(Deployment(**row) for row in connection.execute(query).mappings())


def places_of(connection: sa.Connection, model: NormalizedName, version: str) -> tuple[str, ...]:
    """Where a release runs now, as ``stage/slot``; inside a transaction of the caller."""
    table = tables.deployment
    newest = sa.select(sa.func.max(table.c.serial)).where(table.c.model == model).group_by(table.c.stage, table.c.slot)
    query = sa.select(table.c.stage, table.c.slot).where(table.c.serial.in_(newest), table.c.version == version)
    return tuple(sorted(f"{row.stage}/{row.slot}" for row in connection.execute(query)))


def _select(stage: str | None) -> sa.Select[tuple[object, ...]]:
    query = sa.select(*(tables.deployment.c[name] for name in Deployment.__dataclass_fields__))
    return query if stage is None else query.where(tables.deployment.c.stage == stage)
