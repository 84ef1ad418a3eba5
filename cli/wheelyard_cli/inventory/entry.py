"""One deployment as an inventory states it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.errors import InputError

FIELDS = (
    "model", "version", "stage", "slot", "owner", "base", "image", "commit", "data_version", "at", "deployed_by",
)  # fmt: skip
"""What a table may state of a deployment, by the names of the registry's API."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A deployment, and where it was read.

    ``fields`` are those of :data:`FIELDS` that are stated. ``requires`` are the requirement lines of a model that has
    no package; None where nothing is said of them. ``passed_by`` is what was met beside them and is no requirement.
    """

    where: str
    fields: tuple[tuple[str, str], ...]
    requires: tuple[str, ...] | None = None
    passed_by: tuple[str, ...] = ()

    def body(self, stage: str | None) -> dict[str, Any]:
        """The request that records it; ``stage`` is for entries that name none.

        Its key follows from what it says: an inventory that is imported again changes nothing.
        """
        stated = {**({"stage": stage} if stage else {}), **dict(self.fields)}
        body: dict[str, Any] = {**stated, **({} if self.requires is None else {"requires": list(self.requires)})}
        text = json.dumps(body, sort_keys=True)
        return {**body, "idempotency_key": f"import:{hashlib.sha256(text.encode()).hexdigest()}"}


def checked(entry: Entry, stage: str | None) -> Entry:
    """The entry, if it can be recorded.

    Raises:
        InputError: it lacks a model, a version or a stage, or one of them, or a requirement, is malformed.
    """
    fields = dict(entry.fields)
    missing = [
        name for name in ("model", "version", "stage") if not fields.get(name) and not (name == "stage" and stage)
    ]
    if missing:
        hint = (
            "name one for all with --stage" if missing == ["stage"] else "a deployment has a model, a version, a stage"
        )
        raise InputError(f"{', '.join(missing)} not stated", where=entry.where, hint=hint)
    try:
        canonicalize_name(fields["model"], validate=True)
        Version(fields["version"])
        for text in entry.requires or ():
            Requirement(text)
    except (InvalidName, InvalidVersion, InvalidRequirement) as error:
        raise InputError(str(error).partition("\n")[0], where=entry.where, hint=None) from error
    return entry


def named(stem: str) -> tuple[str, str] | None:
    """Model and version of ``NAME==VERSION`` or ``NAME-VERSION``; None where it is something else."""
    name, mark, version = stem.partition("==")
    if not mark:
        name, _, version = stem.rpartition("-")
    try:
        canonicalize_name(name, validate=True)
        return name, str(Version(version))
    except (InvalidName, InvalidVersion):
        return None
