"""``wheelyard deploy``: record and list what is deployed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from packaging.requirements import InvalidRequirement, Requirement

from wheelyard_cli.registry_client import REGISTRY_VARIABLE, DeploymentRow, RegistryClient
from wheelyard_resolver.errors import InputError

registry_option = click.option(
    "--registry", required=True, metavar="URL", envvar=REGISTRY_VARIABLE, show_envvar=True, help="The registry."
)


@click.group(name="deploy")
def command() -> None:
    """Record and list what is deployed.

    A deployment is a release of a model package in a stage (prod, staging ...) and a slot (default, canary ...).
    """


@command.command()
@click.argument("release", metavar="NAME==VERSION")
@click.option("--stage", required=True, help="Where it runs: prod, staging ...")
@click.option("--slot", default="default", show_default=True, help="canary, a region ...")
@click.option("--owner", help="The team that answers for the model [default: as recorded last].")
@registry_option
def record(*, release: str, stage: str, slot: str, owner: str | None, registry: str) -> None:
    """Record that a release is deployed. It supersedes what ran in its stage and slot; the history stays."""
    model, version = parse_release(release)
    with RegistryClient(registry) as client:
        row = client.record(model=model, version=version, stage=stage, slot=slot, owner=owner)
    click.echo(f"recorded {row.model} {row.version} in {row.stage} (slot {row.slot})", err=True)


@command.command(name="list")
@click.option("--stage", help="Only this stage.")
@click.option("--history", is_flag=True, help="Everything ever recorded, oldest first.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@registry_option
def list_(*, stage: str | None, history: bool, form: str, registry: str) -> None:
    """List what is deployed."""
    with RegistryClient(registry) as client:
        rows = client.deployments(stage, history=history)
    if form == "json":
        click.echo(json.dumps({"deployments": [asdict(row) for row in rows]}, indent=2))
    elif rows:
        click.echo(table(rows))
    else:
        click.echo("nothing is deployed" + (f" in {stage}" if stage else ""), err=True)


def parse_release(text: str) -> tuple[str, str]:
    """The name and the version of ``NAME==VERSION``.

    Raises:
        InputError: it is something else.
    """
    hint = "write it as NAME==VERSION, for instance demand-forecast==1.4.0"
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise InputError(f"{text!r} is not NAME==VERSION", hint=hint) from error
    pins = [clause.version for clause in requirement.specifier if clause.operator == "=="]
    if len(requirement.specifier) != 1 or len(pins) != 1 or pins[0].endswith(".*"):
        raise InputError(f"{text!r} does not name one version", hint=hint)
    if requirement.extras or requirement.marker or requirement.url:
        raise InputError(f"{text!r} is more than NAME==VERSION", hint=hint)
    return requirement.name, pins[0]


def table(rows: Sequence[DeploymentRow]) -> str:
    """The rows as aligned columns, readable without colour."""
    header = ("STAGE", "MODEL", "VERSION", "SLOT", "OWNER", "SINCE")
    cells = [(row.stage, row.model, row.version, row.slot, row.owner or "-", row.since[:19] + "Z") for row in rows]
    return aligned([header, *cells])


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "\n".join(line.rstrip() for line in padded)
