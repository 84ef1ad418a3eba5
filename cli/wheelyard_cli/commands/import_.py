"""``wheelyard import``: take an existing package directory over."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)

from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient
from wheelyard_resolver.errors import InputError

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the directory; ``project`` is None where its name is no distribution's."""

    path: Path
    project: NormalizedName | None


@click.command(name="import")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@registry_option
def command(*, directory: Path, registry: RegistryAddress) -> None:
    """Take over the packages of a directory, such as that of a pypiserver.

    The files stay where they are, and keep their dates (modification times) as upload times. What the registry has
    or its upstream serves with the same bytes is passed by, so an import that was broken off goes on when it is
    started again. Exit code 1 if files were refused; each is listed with its reason.

    \b
    Example:
      wheelyard import packages
    """
    taken = there = 0
    refused: list[tuple[Path, str]] = []
    listed: dict[NormalizedName, dict[str, str]] = {}
    with RegistryClient(registry) as client:
        for found in distributions(directory):
            name = found.path.relative_to(directory)
            if found.project is None:
                refused.append((name, "it is neither a wheel nor an sdist, by its name"))
                continue
            if found.project not in listed:
                listed[found.project] = client.hashes(found.project)
            digest, when = _digest(found.path), _date(found.path)
            if listed[found.project].get(found.path.name) == digest:
                there += 1
                continue
            try:
                new = client.import_file(found.project, found.path, uploaded_at=when)
            except InputError as error:
                refused.append((name, str(error)))
                continue
            taken, there = taken + new, there + (not new)
            click.echo(f"{name}  {when:%Y-%m-%d}", err=True)
    for name, reason in refused:
        click.echo(f"refused: {name}: {reason}")
    click.echo(f"{taken} files taken over, {there} were there already, {len(refused)} refused", err=True)
    if refused:
        raise click.exceptions.Exit(1)


def distributions(directory: Path) -> Iterator[Found]:
    """The files below a directory, oldest first, as pypiserver sees it: what begins with a dot is not there."""
    paths = [
        path
        for path in directory.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(directory).parts)
    ]
    for path in sorted(paths, key=lambda path: (path.stat().st_mtime, str(path))):
        yield Found(path, _project(path.name))


def _project(filename: str) -> NormalizedName | None:
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[0]
        return parse_sdist_filename(filename)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _date(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.timezone.utc)
