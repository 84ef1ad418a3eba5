"""``wheelyard who-uses``: the deployed models and accepted bases that have a release."""

from __future__ import annotations

import click

from wheelyard_cli import concerned
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient


@click.command(name="who-uses")
@click.argument("requirement")
@click.option("--stage", help="Only this stage.")
@format_option
@registry_option
def command(*, requirement: str, stage: str | None, form: str, registry: RegistryAddress) -> None:
    """Tell what is deployed, or accepted as a base, with a release that satisfies REQUIREMENT: 'numpy==2.1.0'.

    What a deployment uses is known where it names a base that was accepted in the registry: by that base's lock.

    \b
    Example:
      wheelyard who-uses 'numpy<2' --stage prod
    """
    with RegistryClient(registry) as client:
        answer = client.ask_all("who-uses", requirement=requirement, stage=stage)
    concerned.tell(answer, form, f"nothing deployed or accepted uses {requirement}")
