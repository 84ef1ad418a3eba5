"""``wheelyard bases``: the fewest shared base environments, from the proposal to their images."""

from __future__ import annotations

import click

from wheelyard_cli.commands.bases.propose import propose
from wheelyard_cli.commands.bases.verify import verify


@click.group(name="bases")
def command() -> None:
    """Propose the fewest shared base environments for a fleet, and verify proposals."""


for _subcommand in (propose, verify):
    command.add_command(_subcommand)
