"""``wheelyard config show``: the settings that count here, and where each comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from wheelyard_cli.commands.check import command as check
from wheelyard_cli.configuration import SETTINGS, Configuration, Setting
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import TOKEN_VARIABLE, RegistryAddress
from wheelyard_cli.routing import without_credentials

_SECRET = "set, not shown"  # noqa: S105 (what stands in its place)


@dataclass(frozen=True)
class _Shown:
    setting: str
    value: object
    origin: str


@click.group(name="config")
def command() -> None:
    """Settings: of wheelyard.toml or [tool.wheelyard] in pyproject.toml, of variables WHEELYARD_..., of flags."""


def show(form: str, **given: object) -> None:
    """Print every setting that a command would count with, and where it comes from.

    Give it the flags of the command line to be understood. Credentials are never printed.

    \b
    Example:
      wheelyard config show --stage staging
    """
    registry = given["registry"]
    assert registry is None or isinstance(registry, RegistryAddress)
    shown = [*_settings(given), *_credentials(registry)]
    if form == "json":
        click.echo(json.dumps([{**row.__dict__} for row in shown], indent=2))
        return
    width = max(len(row.setting) for row in shown)
    for row in shown:
        click.echo(f"{row.setting:{width}}  {_written(row.value)}  ({row.origin})")


_settable = {setting.parameter for setting in SETTINGS}
command.command("show", params=[parameter for parameter in check.params if parameter.name in _settable])(
    format_option(show)
)


def _settings(given: dict[str, object]) -> Iterator[_Shown]:
    context = click.get_current_context()
    places = context.ensure_object(Configuration).places
    for setting in SETTINGS:
        source = context.get_parameter_source(setting.parameter)
        assert source is not None
        value = given[setting.parameter]
        yield _Shown(setting.name, _plain(value), _origin(setting, source.name, places.get(setting.parameter, "")))


def _origin(setting: Setting, source: str, place: str) -> str:
    origins = {"COMMANDLINE": f"--{setting.name}", "ENVIRONMENT": setting.variable, "DEFAULT_MAP": place}
    return origins.get(source, "default")


def _credentials(registry: RegistryAddress | None) -> Iterator[_Shown]:
    token = os.environ.get(TOKEN_VARIABLE)
    origin = TOKEN_VARIABLE if token else "default"
    if token and registry is not None and not registry.trusted:
        origin += f", not sent to the registry that only {registry.stated_in} names"
    yield _Shown("token", _SECRET if token else None, origin)
    netrc = os.environ.get("NETRC")
    yield _Shown("netrc", str(Path(netrc or "~/.netrc").expanduser()), "NETRC" if netrc else "default")


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, RegistryAddress):
        return without_credentials(value.url)
    if isinstance(value, str) and "://" in value:
        return without_credentials(value)
    return list(value) if isinstance(value, tuple) else value


def _written(value: object) -> str:
    return "-" if value is None or value == [] else json.dumps(value, ensure_ascii=False)
