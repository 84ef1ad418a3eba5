"""``wheelyard fleet``: the deployed fleet of a registry, now and at any time before."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import click
import tomli_w

from wheelyard_cli.columns import aligned
from wheelyard_cli.commands.deploy import artifacts, as_json
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient
from wheelyard_resolver.errors import InputError


@click.group(name="fleet")
def command() -> None:
    """Export the deployed fleet of a registry, or look back at it."""


@command.command()
@click.option("--stage", required=True, help="The stage to export: prod, staging ...")
@click.option("--name", help="Name of the fleet [default: the stage].")
@click.option("--python", metavar="VERSION", help="Python of the target [default: the registry's, 3.11].")
@click.option("--platform", metavar="TAG", help="Platform of the target [default: manylinux_2_28_x86_64].")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here, not to stdout.")
@registry_option
def export(
    *,
    stage: str,
    name: str | None,
    python: str | None,
    platform: str | None,
    output: Path | None,
    registry: RegistryAddress,
) -> None:
    """Write what is deployed in a stage as a fleet file, for check and bases propose.

    \b
    Example:
      wheelyard fleet export --stage prod -o fleet.toml
    """
    with RegistryClient(registry) as client:
        document = client.fleet(stage, name=name, python=python, platform=platform)
    text = tomli_w.dumps(document)
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text)
    if not document.get("model"):
        click.echo(f"nothing is deployed in {stage}: the fleet file has no models", err=True)


@command.command()
@click.argument("time", metavar="TIME")
@click.option("--stage", required=True, help="The stage: prod, staging ...")
@format_option
@registry_option
def at(*, time: str, stage: str, form: str, registry: RegistryAddress) -> None:
    """Tell what ran in a stage at a time, such as 2026-11-20T08:00:00Z.

    \b
    Example:
      wheelyard fleet at 2026-11-20T08:00:00Z --stage prod
    """
    with RegistryClient(registry) as client:
        rows = sorted(client.deployments(stage=stage, at=time), key=lambda row: (row.model, row.slot))
    if form == "json":
        click.echo(as_json(rows))
    elif rows:
        header = ("MODEL", "VERSION", "SLOT", "BASE", "LOCK", "IMAGE", "COMMIT", "DATA")
        click.echo(aligned([header, *((row.model, row.version, row.slot, *artifacts(row)) for row in rows)]))
    else:
        click.echo(f"nothing ran in {stage} at {time}", err=True)


@command.command(name="import")
@click.argument("inventory", type=click.Path(path_type=Path, exists=True))
@click.option("--stage", help="For deployments that name none.")
@click.option("--dry-run", is_flag=True, help="Only read it, and say what would be recorded.")
@registry_option
@click.pass_context
def import_(
    context: click.Context, *, inventory: Path, stage: str | None, dry_run: bool, registry: RegistryAddress
) -> None:
    """Record the deployments that a company knows of already.

    INVENTORY is a .csv or .jsonl file, a fleet file, or a directory of pip freeze outputs (NAME-VERSION.txt), of
    pylock.NAME.toml files, or of MLflow models. Run it again at any time: what is recorded already is passed by.

    \b
    Example:
      wheelyard fleet import deployments.csv --stage prod --dry-run
    """
    from wheelyard_cli.inventory.read import read_inventory

    entries = read_inventory(inventory, stage)
    refused = there = 0
    with RegistryClient(registry) as client:
        for entry in entries:
            for line in entry.passed_by:
                click.echo(f"{entry.where}: passed by, it is no requirement: {line}", err=True)
            body = entry.body(stage)
            try:
                new = dry_run or client.record_once(**body)
            except InputError as error:
                refused += 1
                click.echo(f"refused: {entry.where}: {error.message}", err=True)
                continue
            there += not new
            click.echo(f"{body['model']} {body['version']} in {body['stage']}")
    done = "would be recorded" if dry_run else "recorded"
    click.echo(f"{len(entries) - refused - there} {done}, {there} were there already, {refused} refused", err=True)
    context.exit(1 if refused else 0)


def _write(path: Path, text: str) -> None:
    # Written beside its place, then moved: a reader never meets half a file.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise InputError(f"{path} cannot be written: {error.strerror}", hint="choose another place with -o") from error
