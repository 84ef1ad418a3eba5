"""``wheelyard mirror``: fill the cache of a registry before it goes offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from wheelyard_cli.locked_files import LockedFiles, read_locked
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient
from wheelyard_resolver.errors import InputError


@click.group(name="mirror")
def command() -> None:
    """Fill the cache of a registry, for sites that go offline."""


@command.command()
@click.option(
    "-r",
    "locks",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="pylock.toml, or requirements with hashes. May be repeated.",
)
@click.option(
    "--fleet",
    "fleets",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A fleet file. May be repeated.",
)
@registry_option
def prefetch(*, locks: tuple[Path, ...], fleets: tuple[Path, ...], registry: RegistryAddress) -> None:
    """Let a registry fetch every file that locks name, and all that check and proposal of a fleet read and install.

    Afterwards `wheelyard serve --offline` serves them. Exit code 1 if something is not to be had.

    \b
    Examples:
      wheelyard mirror prefetch -r pylock.toml
      wheelyard mirror prefetch --fleet fleet.toml
    """
    if not locks and not fleets:
        raise InputError("nothing to fetch is named", hint="give -r LOCK, or --fleet FILE")
    missing: list[str] = []
    fetched: set[str] = set()
    with RegistryClient(registry) as client:
        for project, filename in _wanted(client, registry, locks, fleets, missing):
            if filename not in fetched:
                client.warm(project, filename)
                fetched.add(filename)
                click.echo(filename)
    click.echo(f"{len(fetched)} files are in the cache of {client.url}", err=True)
    for what in missing:
        click.echo(f"not to be had: {what}", err=True)
    raise click.exceptions.Exit(1 if missing else 0)


def _wanted(
    client: RegistryClient,
    registry: RegistryAddress,
    locks: tuple[Path, ...],
    fleets: tuple[Path, ...],
    missing: list[str],
) -> Iterator[tuple[str, str]]:
    for lock in locks:
        yield from _files(client, read_locked(lock), missing)
    for fleet in fleets:
        from wheelyard_cli.fleet_needs import read_needs

        needs = read_needs(fleet, registry)
        yield from needs.files
        missing += needs.beyond


def _files(client: RegistryClient, locked: LockedFiles, missing: list[str]) -> Iterator[tuple[str, str]]:
    for project, wanted in locked.items():
        listed = client.hashes(project)
        yield from ((project, filename) for filename, sha256 in listed.items() if sha256 in wanted)
        missing += (f"{project} sha256:{sha256}" for sha256 in sorted(wanted - set(listed.values())))
