"""The rules of the configured stages, held against a deployment inside the transaction that records it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa
from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from wheelyard_registry.admission import Facts, objections
from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.bases import accepted_bases, lock_text
from wheelyard_registry.catalogue.stages import AdmissionMode, Stage, configured_stages
from wheelyard_registry.deployment_errors import NotAdmitted, NotPromoted, UnknownStage
from wheelyard_registry.locked_packages import packages_of
from wheelyard_resolver.core_metadata import CoreMetadata, parse_metadata
from wheelyard_resolver.target import Target


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
    requires: Sequence[str] | None,
) -> tuple[str, ...]:
    """What speaks against a deployment, to be recorded with it. ``requires``: the lines of a model without a package.

    Raises:
        NotAdmitted: something does, and the stage refuses such deployments.
    """
    if stage.admission is AdmissionMode.OFF:
        return ()
    facts = _facts(connection, stage, model, version, base, since, requires)
    found = objections(facts, Target.parse(stage.python, stage.platform))
    if found and stage.admission is AdmissionMode.BLOCK:
        raise NotAdmitted(model=model, version=version, stage=stage.name, objections=found)
    return found


def _facts(
    connection: sa.Connection,
    stage: Stage,
    model: NormalizedName,
    version: str,
    base: str | None,
    since: dt.datetime,
    requires: Sequence[str] | None,
) -> Facts:
    accepted = {each.name: each for each in accepted_bases(connection, stage.name, since)}
    named = accepted.get(base.partition("@")[0]) if base is not None else None
    withdrawn, metadata = _release(connection, model, version)
    if requires is not None:
        metadata = CoreMetadata(tuple(map(Requirement, requires)), None, frozenset())
    return Facts(
        withdrawn=withdrawn,
        metadata=metadata,
        base=base,
        accepted=sorted(accepted),
        packages=None if named is None else packages_of(lock_text(connection, named.lock) or ""),
    )


def _release(connection: sa.Connection, model: NormalizedName, version: str) -> tuple[str | None, CoreMetadata | None]:
    file, held = tables.file, tables.core_metadata
    files = sa.select(file.c.yanked, file.c.quarantined, held.c.body).select_from(
        file.outerjoin(held, held.c.sha256 == file.c.metadata_sha256)
    )
    rows = connection.execute(
        files.where(file.c.project == model, file.c.version == version).order_by(file.c.serial)
    ).all()
    withdrawn = None
    if rows and all(row.yanked is not None or row.quarantined is not None for row in rows):
        reason = rows[0].quarantined or rows[0].yanked
        state = "in quarantine" if rows[0].quarantined is not None else "yanked"
        withdrawn = f"{model} {version} is {state}{f': {reason}' if reason else ''}"
    bodies = [row.body for row in rows if row.body is not None]
    return withdrawn, parse_metadata(bodies[0]) if bodies else None
