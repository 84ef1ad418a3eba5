"""``wheelyard kpi``: the figures of a registry's fleet."""

from __future__ import annotations

import json

import click

from wheelyard_cli import kpi_text
from wheelyard_cli.format_option import format_among
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient


@click.command(name="kpi")
@click.option("--stage", help="Only this stage.")
@click.option("--split", metavar="TIME", help="Compare before and after a time, such as 2026-06-01T00:00:00Z.")
@format_among("text", "json", "csv")
@registry_option
def command(*, stage: str | None, split: str | None, form: str, registry: RegistryAddress) -> None:
    """Tell how many models run, how often and how fast they are deployed, and what sharing bases saves.

    \b
    Example:
      wheelyard kpi --stage prod --split 2026-06-01T00:00:00Z
    """
    with RegistryClient(registry) as client:
        answer = client.ask("kpi", stage=stage, split=split)
    if form == "json":
        click.echo(json.dumps(answer, indent=2))
    else:
        click.echo(kpi_text.as_csv(answer) if form == "csv" else kpi_text.as_text(answer), nl=False)
