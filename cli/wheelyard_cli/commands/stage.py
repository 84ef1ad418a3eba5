"""``wheelyard stage``: the configured stages of a registry."""

from __future__ import annotations

import json
from urllib.parse import quote

import click

from wheelyard_cli.columns import aligned
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient


@click.group(name="stage")
def command() -> None:
    """Configure the stages of a registry (administrators).

    Without any, deployments may name stages as they like; with some, they may name these only.
    """


@command.command(name="list")
@format_option
@registry_option
def list_(*, form: str, registry: RegistryAddress) -> None:
    """List the stages in their order."""
    with RegistryClient(registry) as client:
        rows = client.rows("stages", "stages")
    if form == "json":
        click.echo(json.dumps({"stages": rows}, indent=2))
        return
    if not rows:
        click.echo("no stages are configured: deployments may name any", err=True)
        return
    header = ("STAGE", "ORDER", "PYTHON", "PLATFORM", "MAX BASES", "PROMOTED ONLY", "ADMISSION")
    click.echo(aligned([header, *(tuple(_cell(value) for value in row.values()) for row in rows)]))


@command.command(name="set")
@click.argument("name")
@click.option("--order", type=int, required=True, help="Its place: stages are passed from low to high.")
@click.option("--python", metavar="VERSION", help="Python of its target [default: 3.11].")
@click.option("--platform", metavar="TAG", help="Platform of its target [default: manylinux_2_28_x86_64].")
@click.option("--max-bases", type=click.IntRange(min=1), help="How many bases its fleet may need.")
@click.option("--promoted-only", is_flag=True, help="It takes only releases that run in the stage before it.")
@click.option(
    "--admission",
    type=click.Choice(["off", "warn", "block"]),
    default="off",
    show_default=True,
    help="Deployments that something speaks against: not looked at, noted, refused.",
)
@registry_option
def set_(*, name: str, registry: RegistryAddress, **fields: object) -> None:
    """Configure a stage, or change it: what is not given has its default.

    \b
    Example:
      wheelyard stage set prod --order 2 --max-bases 4 --promoted-only --admission warn
    """
    with RegistryClient(registry) as client:
        client.call("PUT", f"stages/{quote(name, safe='')}", fields)
    click.echo(f"{name} is configured", err=True)


@command.command()
@click.argument("name")
@registry_option
def remove(*, name: str, registry: RegistryAddress) -> None:
    """Take a stage out of the configuration; what runs in it stays recorded.

    \b
    Example:
      wheelyard stage remove staging
    """
    with RegistryClient(registry) as client:
        client.call("DELETE", f"stages/{quote(name, safe='')}")
    click.echo(f"{name} is no longer configured", err=True)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)
