"""The bases of a proposal that was written before, as they matter to the next one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_cli.images import file_names
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.model import AcceptedBase
from wheelyard_resolver.proposal import Proposal


def read_accepted(directory: Path) -> tuple[AcceptedBase, ...]:
    """The bases of the proposal in a directory.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    document = _document(directory)
    try:
        return tuple(_base(entry, document["snapshot"]) for entry in document["bases"])
    except (KeyError, TypeError, AttributeError, InvalidVersion) as error:
        problem = f"it is not a proposal: {type(error).__name__} {error}"
        raise InputError(problem, where=str(directory / file_names.PROPOSAL_JSON)) from error


_WRITTEN_BY = "name what `wheelyard bases propose -o` or `accept` wrote to"


def _document(directory: Path) -> dict[str, Any]:
    path = directory / file_names.PROPOSAL_JSON
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"there is no proposal in {directory}", hint=_WRITTEN_BY) from error
    except (OSError, ValueError) as error:
        raise InputError(f"it cannot be read: {error}", where=str(path)) from error
    if not isinstance(document, dict):
        raise InputError("it is not a proposal", where=str(path), hint=_WRITTEN_BY)
    return document


def stage_of(directory: Path) -> str:
    """The stage of the proposal in a directory. Raises as :func:`read_accepted` does."""
    return str(_document(directory).get("stage"))


def for_a_registry(directory: Path) -> dict[str, object]:
    """The bases of the proposal in a directory with their locks, as a registry accepts them.

    Raises:
        InputError: there is none, or a file of it cannot be read.
    """
    bases = read_accepted(directory)
    entries = [
        {"name": base.name, "revision": base.revision, "models": list(base.models), "lock": _text(directory, base)}
        for base in bases
    ]
    return {"snapshot": _document(directory)["snapshot"], "bases": entries}


def _text(directory: Path, base: AcceptedBase) -> str:
    path = directory / file_names.pylock(base.name)
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it cannot be read: {error}", where=str(path), hint="propose again") from error


def as_accepted(proposal: Proposal) -> tuple[AcceptedBase, ...]:
    """The bases of a proposal as they would be accepted."""
    return tuple(
        AcceptedBase(
            name=base.name,
            models=base.models,
            lock=file_names.pylock(base.name),
            versions=tuple((package.name, package.version) for package in base.packages),
            revision=base.revision,
            snapshot=base.snapshot or proposal.snapshot,
        )
        for base in proposal.bases
    )


def _base(entry: dict[str, Any], snapshot: str) -> AcceptedBase:
    return AcceptedBase(
        name=entry["name"],
        models=tuple(entry["models"]),
        lock=file_names.pylock(entry["name"]),
        versions=tuple(
            (canonicalize_name(package["name"]), Version(package["version"])) for package in entry["packages"]
        ),
        revision=entry["revision"],
        snapshot=entry.get("since", snapshot),
    )
