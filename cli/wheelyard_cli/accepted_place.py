"""Where accepted bases are kept: in a directory with a proposal, or in a registry. Both say the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from wheelyard_cli.registry_address import RegistryAddress
from wheelyard_resolver.errors import InputError

if TYPE_CHECKING:
    from wheelyard_resolver.model import AcceptedBase

METAVAR = "DIR|URL"


def accepted_place(text: str) -> str:
    """A place as the command line names it: the URL of a registry, or a directory that is there."""
    if not _is_registry(text) and not Path(text).is_dir():
        raise click.BadParameter(f"there is no directory {text!r}; a registry's URL begins with http:// or https://")
    return text


def accepted_at(place: str, stage: str) -> tuple[AcceptedBase, ...]:
    """The accepted bases that a place keeps; in a registry, those of a stage.

    Raises:
        InputError: nothing is accepted there, or it cannot be read.
        Undecided: the registry does not answer.
    """
    from wheelyard_cli.accepted_proposal import read_accepted

    return _kept_by(RegistryAddress(place), stage) if _is_registry(place) else read_accepted(Path(place))


def accepted_by(registry: RegistryAddress, stage: str) -> tuple[AcceptedBase, ...]:
    """The accepted bases of a stage of a registry; none where nothing was accepted yet.

    Raises:
        Undecided: the registry does not answer.
    """
    from wheelyard_cli.registry_client import NotInRegistry

    try:
        return _kept_by(registry, stage)
    except NotInRegistry:
        return ()


def _kept_by(registry: RegistryAddress, stage: str) -> tuple[AcceptedBase, ...]:
    from wheelyard_cli.registry_client import RegistryClient

    with RegistryClient(registry) as client:
        entries = client.rows(f"stages/{quote(stage, safe='')}/bases", "bases")
        return tuple(_base(entry, client.lock(str(entry["lock"]))) for entry in entries)


def _is_registry(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def _base(entry: dict[str, Any], text: str) -> AcceptedBase:
    """A base as a registry tells it, with what its lock says."""
    import tomli
    from packaging.pylock import Pylock, PylockValidationError

    from wheelyard_cli.images.file_names import pylock
    from wheelyard_resolver.model import AcceptedBase
    from wheelyard_resolver.pinned import pinned_version

    try:
        lock = Pylock.from_dict(tomli.loads(text))
    except (tomli.TOMLDecodeError, PylockValidationError) as error:
        raise InputError(f"the registry's lock of {entry['name']} cannot be read: {error}") from error
    pins = ((package.name, pinned_version(package)) for package in lock.packages)
    return AcceptedBase(
        name=entry["name"],
        models=tuple(entry["models"]),
        lock=pylock(entry["name"]),
        versions=tuple((name, version) for name, version in pins if version is not None),
        revision=entry["revision"],
        snapshot=((lock.tool or {}).get("wheelyard") or {}).get("snapshot"),
    )
