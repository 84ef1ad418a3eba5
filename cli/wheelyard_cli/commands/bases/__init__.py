"""``wheelyard bases``: the fewest shared base environments, from the proposal to their images."""

from __future__ import annotations

import click

from wheelyard_cli.lazy_group import LazyGroup

COMMANDS = {
    # name: (module:attribute, one line for --help)
    "accept": ("wheelyard_cli.commands.bases.accept:accept", "Make a proposal the one that is accepted."),
    "build": ("wheelyard_cli.commands.bases.build:build", "Build the images of a proposal."),
    "diff": ("wheelyard_cli.commands.bases.accept:diff", "Show what would change if a proposal were accepted."),
    "import-freeze": ("wheelyard_cli.commands.bases.import_freeze:import_freeze", "Add a fixed base to a fleet file."),
    "observe": ("wheelyard_cli.commands.bases.observe:observe", "Record a model that installs but does not run."),
    "propose": ("wheelyard_cli.commands.bases.propose:propose", "Group a fleet into the fewest bases, with proof."),
    "verify": ("wheelyard_cli.commands.bases.verify:verify", "Check a proposal by its certificate, offline."),
}


@click.group(name="bases", cls=LazyGroup, table=COMMANDS)
def command() -> None:
    """Propose the fewest shared base environments for a fleet, verify and accept proposals, build their images."""
