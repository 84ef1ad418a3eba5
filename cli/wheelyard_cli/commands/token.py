"""``wheelyard token``: tokens of a registry."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from urllib.parse import quote

import click

from wheelyard_cli.columns import aligned
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient
from wheelyard_resolver.errors import InputError

RIGHTS = ("read", "upload", "yank", "create", "admin")

_DURATION = re.compile(r"(\d{1,6})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


@click.group(name="token")
def command() -> None:
    """Make, list and revoke tokens of a registry."""


@command.command()
@click.argument("label")
@click.option(
    "--right",
    "rights",
    multiple=True,
    required=True,
    type=click.Choice(RIGHTS),
    help="What it may do. May be repeated.",
)
@click.option(
    "--project",
    "projects",
    multiple=True,
    metavar="PATTERN",
    help="Only these, e.g. 'acme-*' [default: all]. May be repeated.",
)
@click.option(
    "--expires", metavar="WHEN", help="30d, 12h, 8w, or a time such as 2027-01-31T00:00:00Z [default: never]."
)
@click.option("--user", help="The user it stands for: it can never do more than that user.")
@registry_option
def create(
    *,
    label: str,
    rights: tuple[str, ...],
    projects: tuple[str, ...],
    expires: str | None,
    user: str | None,
    registry: RegistryAddress,
) -> None:
    """Make a token and print it. It cannot be shown again.

    \b
    Example:
      wheelyard token create 'CI of churn' --right upload --project 'churn*' --expires 90d
    """
    body: dict[str, object] = {"label": label, "rights": list(rights)}
    if projects:
        body["projects"] = list(projects)
    if expires is not None:
        body["expires"] = _moment(expires)
    if user is not None:
        body["user"] = user
    with RegistryClient(registry) as client:
        made = client.call("POST", "tokens", body)
    click.echo(str(made["token"]))
    until = f", good until {made['expires_at']}" if made["expires_at"] else ""
    click.echo(f"token {made['id']} ({label}) is made{until}; it is shown once, keep it", err=True)


@command.command(name="list")
@format_option
@registry_option
def list_(*, form: str, registry: RegistryAddress) -> None:
    """List tokens: all of them for an administrator, your own otherwise."""
    with RegistryClient(registry) as client:
        rows = client.rows("tokens", "tokens")
    if form == "json":
        click.echo(json.dumps({"tokens": rows}, indent=2))
        return
    header = ("ID", "LABEL", "USER", "RIGHTS", "PROJECTS", "EXPIRES", "LAST USED", "STATE")
    click.echo(aligned([header, *(_line(row) for row in rows)]))


@command.command()
@click.argument("token_id", metavar="ID")
@registry_option
def revoke(*, token_id: str, registry: RegistryAddress) -> None:
    """End a token at once. ID is the part between wy_ and the next underscore.

    \b
    Example:
      wheelyard token revoke 3f09c1d2a4b5
    """
    with RegistryClient(registry) as client:
        client.call("DELETE", f"tokens/{quote(token_id, safe='')}")
    click.echo(f"token {token_id} is revoked", err=True)


def _moment(text: str) -> str:
    given = _DURATION.fullmatch(text)
    if given is None:
        if "T" not in text:
            raise InputError(f"{text!r} is not a time", hint="write 30d, 12h, 8w, or 2027-01-31T00:00:00Z")
        return text
    moment = dt.datetime.now(dt.timezone.utc) + dt.timedelta(**{_UNITS[given[2]]: int(given[1])})
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _line(row: Mapping[str, object]) -> tuple[str, ...]:
    return (
        str(row["id"]),
        str(row["label"]),
        str(row["user"] or "-"),
        _joined(row["rights"]),
        _joined(row["projects"]),
        _short(row["expires_at"]),
        _short(row["last_used_at"]),
        "revoked" if row["revoked_at"] else "active",
    )


def _joined(values: object) -> str:
    return ",".join(map(str, values)) if isinstance(values, list) else "-"


def _short(time: object) -> str:
    return f"{str(time)[:16]}Z" if time else "never"
