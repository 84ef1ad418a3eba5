"""``wheelyard user``: users, groups, and who owns a project."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import click

from wheelyard_cli.columns import aligned
from wheelyard_cli.commands.token import RIGHTS
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient
from wheelyard_resolver.errors import InputError


@click.group(name="user")
def command() -> None:
    """Manage users, groups and the owners of projects."""


@command.command()
@click.argument("name")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Read the password from this file [default: asked for].",
)
@registry_option
def add(*, name: str, password_file: Path | None, registry: RegistryAddress) -> None:
    """Add a user, or give one another password.

    \b
    Example:
      wheelyard user add anna
    """
    registry.require_trust("a password")
    if password_file is None:
        password = click.prompt(f"password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = _text(password_file).rstrip("\r\n")
    with RegistryClient(registry) as client:
        client.call("PUT", f"users/{quote(name, safe='')}", {"password": password})
    click.echo(f"{name} can log in", err=True)


@command.command(name="list")
@format_option
@registry_option
def list_(*, form: str, registry: RegistryAddress) -> None:
    """List users."""
    with RegistryClient(registry) as client:
        rows = client.rows("users", "users")
    if form == "json":
        click.echo(json.dumps({"users": rows}, indent=2))
        return
    lines = [(str(row["name"]), _joined(row["groups"]), "disabled" if row["disabled_at"] else "active") for row in rows]
    click.echo(aligned([("NAME", "GROUPS", "STATE"), *lines]))


@command.command()
@click.argument("name")
@registry_option
def disable(*, name: str, registry: RegistryAddress) -> None:
    """Shut a user out, together with all tokens that stand for them.

    \b
    Example:
      wheelyard user disable anna
    """
    with RegistryClient(registry) as client:
        client.call("DELETE", f"users/{quote(name, safe='')}")
    click.echo(f"{name} is shut out", err=True)


@command.command(name="import-htpasswd")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@registry_option
def import_htpasswd(*, file: Path, registry: RegistryAddress) -> None:
    """Take over the users of an htpasswd file, as pypiserver uses it (bcrypt, apr1, SHA-1).

    \b
    Example:
      wheelyard user import-htpasswd htpasswd
    """
    registry.require_trust("an htpasswd file")
    with RegistryClient(registry) as client:
        done = client.call("POST", "users", {"htpasswd": _text(file)})
    taken, refused = done.get("taken"), done.get("refused")
    assert isinstance(taken, list)
    assert isinstance(refused, list)
    for reason in refused:
        click.echo(f"not taken: {reason}", err=True)
    click.echo(f"{len(taken)} users can log in with the passwords they have", err=True)


@command.command()
@click.argument("name")
@click.option(
    "--member",
    "members",
    multiple=True,
    metavar="USER",
    help="A user of the group, in place of those it has. May be repeated.",
)
@click.option(
    "--right",
    "rights",
    multiple=True,
    type=click.Choice(RIGHTS),
    help="What members may do to all projects, beside those that the group owns. May be repeated.",
)
@registry_option
def group(*, name: str, members: tuple[str, ...], rights: tuple[str, ...], registry: RegistryAddress) -> None:
    """Make a group, or change it: it has the members and rights that are given, and no others.

    \b
    Example:
      wheelyard user group forecasting --member anna --member bert --right create
    """
    with RegistryClient(registry) as client:
        client.call("PUT", f"groups/{quote(name, safe='')}", {"members": list(members), "rights": list(rights)})
    click.echo(f"{name} has {len(members)} members", err=True)


@command.command()
@format_option
@registry_option
def groups(*, form: str, registry: RegistryAddress) -> None:
    """List groups."""
    with RegistryClient(registry) as client:
        rows = client.rows("groups", "groups")
    if form == "json":
        click.echo(json.dumps({"groups": rows}, indent=2))
        return
    lines = [
        (str(row["name"]), _joined(row["members"]), _joined(row["rights"]), _joined(row["projects"])) for row in rows
    ]
    click.echo(aligned([("NAME", "MEMBERS", "RIGHTS", "OWNS"), *lines]))


@command.command()
@click.argument("project")
@click.argument("names", metavar="GROUP...", nargs=-1, required=True)
@registry_option
def own(*, project: str, names: tuple[str, ...], registry: RegistryAddress) -> None:
    """Name the groups that own a project: their members may upload to it and yank.

    \b
    Example:
      wheelyard user own demand-forecast forecasting
    """
    with RegistryClient(registry) as client:
        client.call("PUT", f"projects/{quote(project, safe='')}/owners", {"groups": list(names)})
    click.echo(f"{project} belongs to {', '.join(names)}", err=True)


def _joined(values: object) -> str:
    return (",".join(map(str, values)) if isinstance(values, list) else "") or "-"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
