"""``wheelyard bases``: the fewest shared base environments, from the proposal to their images."""

from __future__ import annotations

import click

from wheelyard_cli.commands.bases.accept import accept, diff
from wheelyard_cli.commands.bases.build import build
from wheelyard_cli.commands.bases.import_freeze import import_freeze
from wheelyard_cli.commands.bases.observe import observe
from wheelyard_cli.commands.bases.propose import propose
from wheelyard_cli.commands.bases.verify import verify


@click.group(name="bases")
def command() -> None:
    """Propose the fewest shared base environments for a fleet, verify and accept proposals, build their images."""


for _subcommand in (propose, verify, diff, accept, build, observe, import_freeze):
    command.add_command(_subcommand)
