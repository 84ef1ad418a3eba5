"""``wheelyard who-requires``: the deployed models that ask for a project."""

from __future__ import annotations

import click

from wheelyard_cli import concerned
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient


@click.command(name="who-requires")
@click.argument("project")
@click.option("--stage", help="Only this stage.")
@format_option
@registry_option
def command(*, project: str, stage: str | None, form: str, registry: RegistryAddress) -> None:
    """Tell which deployed models have a requirement line about PROJECT, and what it says.

    \b
    Example:
      wheelyard who-requires numpy
    """
    with RegistryClient(registry) as client:
        answer = client.ask_all("who-requires", project=project, stage=stage)
    concerned.tell(answer, form, f"no deployed model requires {project}")
