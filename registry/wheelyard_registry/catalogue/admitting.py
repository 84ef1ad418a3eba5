"""The rules of the configured stages, held against a deployment inside the transaction that records it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.bases import accepted_bases
from wheelyard_registry.catalogue.stages import AdmissionMode, Stage, configured_stages
from wheelyard_registry.deployment_errors import NotPromoted, UnknownStage
from wheelyard_registry.solved import Solved


def stage_of(connection: sa.Connection, name: str) -> tuple[Stage | None, Stage | None]:
    """A stage, and the one that a release must run in before, if its policy asks for that.

    Raises:
        UnknownStage: stages are configured, and this is none of them.
    """
    stages = configured_stages(connection)
    names = [stage.name for stage in stages]
    if not stages:
        return None, None
    if name not in names:
        raise UnknownStage(stage=name, known=names)
    place = names.index(name)
    return stages[place], stages[place - 1] if stages[place].promoted_only and place else None


def require_promoted(model: NormalizedName, version: str, stage: Stage, before: Stage, places: Sequence[str]) -> None:
    """Raise NotPromoted unless a release runs in the stage before; ``places`` are those where it runs."""
    if not any(place.partition("/")[0] == before.name for place in places):
        raise NotPromoted(model=model, version=version, stage=stage.name, before=before.name)


def admit(
    connection: sa.Connection,
    stage: Stage,
    model: NormalizedName,
    version: str,
    base: str | None,
    since: dt.datetime,
    solved: Solved,
) -> tuple[str, ...]:
    """What speaks against a deployment, to be recorded with it: what the catalogue knows, and what solving said.

    Raises:
        NotAdmitted: something does, and the stage refuses such deployments.
        Busy, CheckUndecided: solving said nothing, and the stage refuses what is not checked.
    """
    if solved.mode is AdmissionMode.OFF:
        return ()
    known = (_withdrawn(connection, model, version), _no_base(connection, stage, base, since))
    more = tuple(objection for objection in known if objection is not None)
    return solved.warnings(more, model=model, version=version, stage=stage.name)


def _no_base(connection: sa.Connection, stage: Stage, base: str | None, since: dt.datetime) -> str | None:
    """That a deployment is on none of the bases accepted at the time, if there are any."""
    accepted = sorted(each.name for each in accepted_bases(connection, stage.name, since))
    if not accepted or (base is not None and base.partition("@")[0] in accepted):
        return None
    named = "it names no base" if base is None else f"{base} is not an accepted base"
    return f"{named}; accepted here: {', '.join(accepted)}"


def _withdrawn(connection: sa.Connection, model: NormalizedName, version: str) -> str | None:
    """Why the files of a release should not be used, if so."""
    file = tables.file
    columns = sa.select(file.c.yanked, file.c.quarantined)
    rows = connection.execute(columns.where(file.c.project == model, file.c.version == version)).all()
    if not rows or any(row.yanked is None and row.quarantined is None for row in rows):
        return None
    reason = rows[0].quarantined or rows[0].yanked
    state = "in quarantine" if rows[0].quarantined is not None else "yanked"
    return f"{model} {version} is {state}{f': {reason}' if reason else ''}"
