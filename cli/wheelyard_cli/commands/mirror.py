"""``wheelyard mirror``: fill the cache of a registry before it goes offline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from wheelyard_cli.commands.deploy import registry_option
from wheelyard_cli.locked_files import LockedFiles, read_locked
from wheelyard_cli.registry_client import RegistryClient


@click.group(name="mirror")
def command() -> None:
    """Fill the cache of a registry, for sites that go offline."""


@command.command()
@click.option(
    "-r",
    "locks",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="pylock.toml, or requirements with hashes. Repeat.",
)
@registry_option
def prefetch(*, locks: tuple[Path, ...], registry: str) -> None:
    """Let a registry fetch every file that locks name, with page and metadata.

    Afterwards `wheelyard serve --offline` serves them. Exit code 1 if something that a lock names is not to be had.
    """
    missing: list[str] = []
    count = 0
    with RegistryClient(registry) as client:
        for lock in locks:
            for project, filename in _files(client, read_locked(lock), missing):
                client.warm(project, filename)
                count += 1
                click.echo(filename)
    click.echo(f"{count} files are in the cache of {client.url}", err=True)
    for what in missing:
        click.echo(f"not to be had: {what}", err=True)
    raise click.exceptions.Exit(1 if missing else 0)


def _files(client: RegistryClient, locked: LockedFiles, missing: list[str]) -> Iterator[tuple[str, str]]:
    for project, wanted in locked.items():
        listed = client.hashes(project)
        yield from ((project, filename) for filename, sha256 in listed.items() if sha256 in wanted)
        missing += (f"{project} sha256:{sha256}" for sha256 in sorted(wanted - set(listed.values())))
