"""``wheelyard deploy``: record, retire, promote and list what is deployed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TypeVar

import click
from packaging.requirements import InvalidRequirement, Requirement

from wheelyard_cli.columns import aligned
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import DeploymentRow, RegistryClient
from wheelyard_resolver.errors import InputError

Decorated = TypeVar("Decorated", bound=Callable[..., None])

_slot = click.option("--slot", default="default", show_default=True, help="default, canary, a region ...")


def _change(function: Decorated) -> Decorated:
    """The options of every change."""
    for option in (
        registry_option,
        click.option(
            "--idempotency-key",
            metavar="KEY",
            help="The same change under the same key is done once: a pipeline's run.",
        ),
        click.option("--by", "deployed_by", metavar="WHO", help="Who deployed it; who recorded it is known."),
        click.option("--at", metavar="TIME", help="Since when, such as 2026-11-20T08:00:00Z [default: now]."),
    ):
        function = option(function)
    return function


@click.group(name="deploy")
def command() -> None:
    """Record and list what is deployed.

    A deployment is a release of a model package in a stage (prod, staging ...) and a slot (default, canary ...).
    """


@command.command()
@click.argument("release", metavar="NAME==VERSION")
@click.option("--stage", required=True, help="Where it runs: prod, staging ...")
@_slot
@click.option("--owner", help="The team that answers for the model [default: as recorded last].")
@click.option("--base", metavar="NAME[@sha256:DIGEST]", help="The base that it runs on.")
@click.option("--image", metavar="DIGEST", help="Its image: sha256:DIGEST or NAME@sha256:DIGEST.")
@click.option("--commit", metavar="SHA", help="The commit that it was built from.")
@click.option("--data-version", metavar="ID", help="The data that it was trained on.")
@_change
def record(*, release: str, registry: RegistryAddress, **body: str | None) -> None:
    """Record that a release is deployed. It supersedes what ran in its stage and slot; the history stays.

    \b
    Example:
      wheelyard deploy record churn-score==1.9.0 --stage prod --base base-a
    """
    model, version = parse_release(release)
    with RegistryClient(registry) as client:
        row = client.deploy("record", model=model, version=version, **body)
    click.echo(f"recorded {row.model} {row.version} in {row.stage} (slot {row.slot})", err=True)
    _warn(row)


@command.command()
@click.argument("name")
@click.option("--stage", required=True, help="Where it no longer runs.")
@_slot
@_change
def retire(*, name: str, registry: RegistryAddress, **body: str | None) -> None:
    """Record that a model no longer runs in a stage and slot; the history stays.

    \b
    Example:
      wheelyard deploy retire churn-score --stage staging
    """
    with RegistryClient(registry) as client:
        row = client.deploy("retire", model=name, **body)
    click.echo(f"retired {row.model} {row.version} from {row.stage} (slot {row.slot})", err=True)


@command.command()
@click.argument("name")
@click.option("--from", "source", required=True, metavar="STAGE", help="Where it runs already.")
@click.option("--to", "target", required=True, metavar="STAGE", help="Where it runs from now on as well.")
@_slot
@_change
def promote(*, name: str, source: str, target: str, registry: RegistryAddress, **body: str | None) -> None:
    """Record that what runs in one stage now runs in another as well: version, base, image, commit and data.

    \b
    Example:
      wheelyard deploy promote churn-score --from staging --to prod
    """
    with RegistryClient(registry) as client:
        row = client.deploy("promote", model=name, **{"from": source, "to": target}, **body)
    click.echo(f"promoted {row.model} {row.version} from {source} to {row.stage} (slot {row.slot})", err=True)
    _warn(row)


@command.command(name="list")
@click.option("--stage", help="Only this stage.")
@format_option
@registry_option
def list_(*, stage: str | None, form: str, registry: RegistryAddress) -> None:
    """List what is deployed."""
    with RegistryClient(registry) as client:
        rows = sorted(client.deployments(stage=stage), key=lambda row: (row.stage, row.model, row.slot))
    if form == "json":
        click.echo(as_json(rows))
    elif rows:
        header = ("STAGE", "MODEL", "VERSION", "SLOT", "OWNER", "SINCE")
        cells = [(row.stage, row.model, row.version, row.slot, row.owner or "-", _time(row.since)) for row in rows]
        click.echo(aligned([header, *cells]))
    else:
        click.echo("nothing is deployed" + (f" in {stage}" if stage else ""), err=True)


@command.command()
@click.argument("name")
@click.option("--stage", help="Only this stage.")
@format_option
@registry_option
def history(*, name: str, stage: str | None, form: str, registry: RegistryAddress) -> None:
    """Tell where a model ran and since when, oldest first.

    \b
    Example:
      wheelyard deploy history churn-score --stage prod
    """
    with RegistryClient(registry) as client:
        rows = sorted(client.deployments(model=name, stage=stage, history="true"), key=lambda row: row.since)
    if form == "json":
        click.echo(as_json(rows))
    elif rows:
        header = ("SINCE", "STAGE", "SLOT", "VERSION", "BASE", "LOCK", "IMAGE", "COMMIT", "DATA", "BY")
        cells = [
            (_time(row.since), row.stage, row.slot, _what(row), *artifacts(row), row.deployed_by or "-") for row in rows
        ]
        click.echo(aligned([header, *cells]))
    else:
        click.echo(f"{name} was never deployed" + (f" in {stage}" if stage else ""), err=True)


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


def as_json(rows: Sequence[DeploymentRow]) -> str:
    """The rows as a JSON document, whole."""
    return json.dumps({"deployments": [asdict(row) for row in rows]}, indent=2)


def artifacts(row: DeploymentRow) -> tuple[str, str, str, str, str]:
    """Base, lock, image, commit and data of a deployment in a table; digests are shortened, JSON has them whole."""
    return short(row.base), (row.lock or "-")[:12], short(row.image), (row.commit or "-")[:12], row.data_version or "-"


def short(text: str | None) -> str:
    """A digest, or a name with one, short enough for a table: ``-`` for none."""
    name, mark, digest = (text or "-").partition("sha256:")
    return f"{name}{mark}{digest[:12]}"


def _warn(row: DeploymentRow) -> None:
    for warning in row.warnings:
        click.echo(f"{click.style('warning', fg='yellow', bold=True)}: {warning}", err=True)


def _what(row: DeploymentRow) -> str:
    return f"{row.version} retired" if row.retired else row.version


def _time(text: str) -> str:
    return f"{text[:19]}Z"
