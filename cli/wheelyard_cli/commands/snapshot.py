"""``wheelyard snapshot``: what a saved snapshot holds."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wheelyard_cli.format_option import format_option


@click.group(name="snapshot")
def command() -> None:
    """Look into a saved snapshot."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@format_option
def info(*, file: Path, form: str) -> None:
    """Print what a snapshot holds: pages, metadata, ages, digest.

    \b
    Example:
      wheelyard snapshot info world.snapshot
    """
    from wheelyard_cli.routing import Routing
    from wheelyard_cli.snapshot_file import SnapshotFile

    with SnapshotFile(file, None, Routing()) as snapshot:
        found = snapshot.info()
    oldest, newest = (None if time is None else time.isoformat() for time in (found.oldest, found.newest))
    if form == "json":
        document = {
            "path": str(found.path),
            "digest": found.digest,
            "bytes": found.size,
            "content_bytes": found.content_size,
            "pages": found.pages,
            "absent_pages": found.absent_pages,
            "metadata": found.metadata,
            "unreadable_metadata": found.unreadable_metadata,
            "oldest": oldest,
            "newest": newest,
        }
        click.echo(json.dumps(document, indent=2))
        return
    click.echo(f"{found.path}: {found.digest}")
    click.echo(f"  {found.pages} project pages, and {found.absent_pages} projects known not to exist")
    click.echo(f"  metadata of {found.metadata} releases, and {found.unreadable_metadata} that cannot be read")
    click.echo(f"  {found.size:,} bytes ({found.content_size:,} uncompressed)")
    click.echo(f"  read from {oldest or 'never'} to {newest or 'never'}")
