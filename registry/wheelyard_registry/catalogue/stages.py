"""The configured stages of a registry. Without any, deployments may name stages as they like."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum

import sqlalchemy as sa

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.audit import append_event
from wheelyard_registry.catalogue.database import Clock, Database
from wheelyard_registry.deployment_errors import UnknownStage


class AdmissionMode(str, Enum):
    """What becomes of a deployment that something speaks against: nothing is looked at, it is noted, it is refused."""

    OFF = "off"
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its place in the order of stages, the target of what runs there, and its policy.

    ``promoted_only`` means that it takes only releases that run in the stage before it.
    """

    name: str
    position: int
    python: str
    platform: str
    max_bases: int | None
    promoted_only: bool
    admission: AdmissionMode


class Stages:
    """Reading and changing the configuration. Each change is one transaction with one event."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def configured(self) -> tuple[Stage, ...]:
        """All stages in their order."""
        with self._database.read() as connection:
            return configured_stages(connection)

    def named(self, name: str) -> Stage | None:
        """A configured stage."""
        return next((stage for stage in self.configured() if stage.name == name), None)

    def require(self, name: str) -> Stage:
        """A configured stage.

        Raises:
            UnknownStage: it is none.
        """
        known = self.configured()
        for stage in known:
            if stage.name == name:
                return stage
        raise UnknownStage(stage=name, known=[stage.name for stage in known])

    def set(self, stage: Stage, *, by: str) -> None:
        """Configure a stage, or change its configuration."""
        values = {field.name: getattr(stage, field.name) for field in fields(Stage)} | {
            "admission": stage.admission.value
        }
        table = tables.stage
        with self._database.write() as connection:
            append_event(
                connection,
                at=self._clock(),
                kind="stage-set",
                subject=stage.name,
                facts={name: value for name, value in values.items() if name != "name"},
                by=by,
            )
            connection.execute(sa.delete(table).where(table.c.name == stage.name))
            connection.execute(sa.insert(table).values(**values))

    def remove(self, name: str, *, by: str) -> bool:
        """Take a stage out of the configuration; whether it was there. What runs in it stays recorded."""
        table = tables.stage
        with self._database.write() as connection:
            found = connection.execute(sa.delete(table).where(table.c.name == name)).rowcount > 0
            if found:
                append_event(connection, at=self._clock(), kind="stage-removed", subject=name, facts={}, by=by)
            return found


def configured_stages(connection: sa.Connection) -> tuple[Stage, ...]:
    """All stages in their order; inside a transaction of the caller."""
    rows = connection.execute(sa.select(tables.stage)).mappings()
    found = (Stage(**{**row, "admission": AdmissionMode(row["admission"])}) for row in rows)
    return tuple(sorted(found, key=lambda stage: (stage.position, stage.name)))
