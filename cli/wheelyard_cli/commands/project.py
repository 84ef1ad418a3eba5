"""``wheelyard project``: what happens to projects and files after their upload."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlencode

import click
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from wheelyard_cli import concerned
from wheelyard_cli.commands.deploy import parse_release
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient
from wheelyard_resolver.errors import InputError

Decorated = TypeVar("Decorated", bound=Callable[..., None])

_what = click.argument("what", metavar="NAME==VERSION|FILE")
_reason = click.option("--reason", help="Shown to whoever meets it.")
_dry_run = click.option("--dry-run", is_flag=True, help="Only tell which deployed models and bases are concerned.")


@click.group(name="project")
def command() -> None:
    """Yank, quarantine, delete; the status of a project.

    NAME==VERSION means all files of a release; FILE is the name of one wheel or sdist.
    """


@command.command()
@_what
@_dry_run
@_reason
@registry_option
def yank(*, what: str, dry_run: bool, reason: str | None, registry: RegistryAddress) -> None:
    """Let installers pass files by, unless they are pinned to them (PEP 592). Says who is concerned.

    \b
    Example:
      wheelyard project yank churn-score==1.9.0 --reason 'wrong units'
    """
    with RegistryClient(registry) as client:
        if _tell_concerned(client, what, only=dry_run):
            return
        _tell("yanked", client.call("POST", f"{path_of(what)}/yank", _given(reason)))


@command.command()
@_what
@registry_option
def unyank(*, what: str, registry: RegistryAddress) -> None:
    """Take a yank back.

    \b
    Example:
      wheelyard project unyank churn-score==1.9.0
    """
    with RegistryClient(registry) as client:
        _tell("no longer yanked", client.call("DELETE", f"{path_of(what)}/yank"))


@command.command()
@_what
@_reason
@registry_option
def quarantine(*, what: str, reason: str | None, registry: RegistryAddress) -> None:
    """Take files out of sight at once: not listed, not given out, their bytes kept.

    \b
    Example:
      wheelyard project quarantine churn_score-1.9.0-py3-none-any.whl --reason 'customer data'
    """
    with RegistryClient(registry) as client:
        _tell("in quarantine", client.call("POST", f"{path_of(what)}/quarantine", _given(reason)))


@command.command()
@_what
@registry_option
def release(*, what: str, registry: RegistryAddress) -> None:
    """Let files out of quarantine (administrators).

    \b
    Example:
      wheelyard project release churn_score-1.9.0-py3-none-any.whl
    """
    with RegistryClient(registry) as client:
        _tell("out of quarantine", client.call("DELETE", f"{path_of(what)}/quarantine"))


@command.command()
@click.argument("name")
@click.argument("stage", required=False)
@registry_option
def stage(*, name: str, stage: str | None, registry: RegistryAddress) -> None:
    """Say for which STAGE the uploads of a project are meant; without one, for none.

    They are then checked on entry as the stage's --admission says.

    \b
    Example:
      wheelyard project stage churn-score prod
    """
    with RegistryClient(registry) as client:
        client.call("PUT", f"projects/{quote(name, safe='')}/stage", {"stage": stage})
    click.echo(f"uploads of {name} are meant for {stage or 'no stage in particular'}", err=True)


@command.command()
@_what
@click.option("--force", is_flag=True, help="Also while it is deployed; the audit log says so.")
@_dry_run
@_reason
@registry_option
def delete(*, what: str, force: bool, dry_run: bool, reason: str | None, registry: RegistryAddress) -> None:
    """Remove files for good (administrators). Their names are never used again. Says who is concerned.

    \b
    Example:
      wheelyard project delete churn-score==1.9.0 --reason leak --dry-run
    """
    query = urlencode({"force": str(force).lower(), **_given(reason)})
    with RegistryClient(registry) as client:
        if _tell_concerned(client, what, only=dry_run):
            return
        _tell("deleted", client.call("DELETE", f"{path_of(what)}?{query}"), field="deleted")


@command.command()
@click.argument("name")
@click.argument("state", type=click.Choice(["active", "archived", "deprecated", "quarantined"]))
@_reason
@registry_option
def status(*, name: str, state: str, reason: str | None, registry: RegistryAddress) -> None:
    """Give a project a status (PEP 792): archived takes no uploads, quarantined shows no files.

    \b
    Example:
      wheelyard project status churn-score archived --reason 'see churn-score2'
    """
    with RegistryClient(registry) as client:
        client.call("PUT", f"projects/{quote(name, safe='')}/status", {"status": state, **_given(reason)})
    click.echo(f"{name} is {state}", err=True)


@command.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why; it goes into the audit log.")
@click.option("--off", is_flag=True, help="End it.")
@registry_option
def overlay(*, name: str, reason: str, off: bool, registry: RegistryAddress) -> None:
    """Let a name show private and upstream files side by side (administrators). Think twice: see docs/registry.md.

    \b
    Example:
      wheelyard project overlay numpy --reason 'a patched build'
    """
    body: dict[str, object] = {"overlay": not off, "reason": reason}
    with RegistryClient(registry) as client:
        client.call("PUT", f"projects/{quote(name, safe='')}/overlay", body)
    click.echo(f"{name} shows {'its own files only' if off else 'upstream files beside its own'}", err=True)


@command.command()
@click.argument("name")
@click.option("--until", metavar="DATE", help="When it ends: 2027-01-31, or a time with its zone.")
@click.option("--reason", help="Why; it goes into the audit log.")
@click.option("--off", is_flag=True, help="End it.")
@registry_option
def waive(*, name: str, until: str | None, reason: str | None, off: bool, registry: RegistryAddress) -> None:
    """Serve upstream files of a project although they are younger than the cooldown (administrators).

    \b
    Example:
      wheelyard project waive requests --until 2027-01-31 --reason 'a security fix'
    """
    if not off and (until is None or reason is None):
        raise InputError("a waiver needs its end and its reason", hint="give --until and --reason, or --off")
    path = f"projects/{quote(name, safe='')}/cooldown-waiver"
    with RegistryClient(registry) as client:
        if off:
            client.call("DELETE", path)
        else:
            end = f"{until}T00:00:00Z" if until is not None and len(until) == len("2027-01-31") else until
            client.call("PUT", path, {"until": end, "reason": reason})
    click.echo(f"{name}: the cooldown {'applies again' if off else f'is waived until {until}'}", err=True)


@command.command()
@format_option
@registry_option
def alarms(*, form: str, registry: RegistryAddress) -> None:
    """List private names that have appeared upstream. Exit code 1 if there are any."""
    with RegistryClient(registry) as client:
        rows = client.rows("alarms", "alarms")
    if form == "json":
        click.echo(json.dumps({"alarms": rows}, indent=2))
    else:
        for row in rows:
            click.echo(f"{row['project']} has been upstream since {row['since']}")
    if rows:
        raise click.exceptions.Exit(1)


def _tell_concerned(client: RegistryClient, what: str, *, only: bool) -> bool:
    """Say who uses a release, if anybody; return whether that is all that was asked for."""
    name, version = release_of(what)
    answer = client.ask_all("who-uses", requirement=f"{name}=={version}")
    if answer["deployments"] or answer["bases"]:
        click.echo("concerned:\n" + "\n".join(concerned.lines(answer)), err=True)
    elif only:
        click.echo(f"nothing deployed or accepted uses {name} {version}", err=True)
    return only


def release_of(what: str) -> tuple[str, str]:
    """The name and version of a release, or of a file by its name.

    Raises:
        InputError: it is neither.
    """
    try:
        if what.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(what)
            return name, str(version)
        if what.endswith((".tar.gz", ".zip")):
            name, version = parse_sdist_filename(what)
            return name, str(version)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        raise _not_a_file(what) from error
    return _release(what)


def path_of(what: str) -> str:
    """The API path of a release or of a file.

    Raises:
        InputError: it is neither.
    """
    if what.endswith((".whl", ".tar.gz", ".zip")):
        # What stands before the version: an sdist's name may hold dashes in old spellings, a wheel's never.
        project = what.partition("-")[0] if what.endswith(".whl") else what.rpartition("-")[0]
        if not project:
            raise _not_a_file(what)
        return f"projects/{quote(project, safe='')}/files/{quote(what, safe='')}"
    name, version = _release(what)
    return f"projects/{quote(name, safe='')}/releases/{quote(version, safe='')}"


_EITHER = "write NAME==VERSION for all files of a release, or the name of one file as its page lists it"


def _release(what: str) -> tuple[str, str]:
    try:
        return parse_release(what)
    except InputError as error:
        raise InputError(error.message, hint=_EITHER) from error


def _not_a_file(what: str) -> InputError:
    return InputError(f"{what!r} is not the name of a wheel or an sdist", hint=_EITHER)


def _given(reason: str | None) -> dict[str, str]:
    return {} if reason is None else {"reason": reason}


def _tell(what: str, answer: dict[str, object], *, field: str = "files") -> None:
    files = answer.get(field)
    assert isinstance(files, list)
    for name in files:
        click.echo(f"{name} is {what}", err=True)
