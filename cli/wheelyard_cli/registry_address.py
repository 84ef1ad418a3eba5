"""Which registry a command asks, and who says so: that decides whether secrets go there.

A project's file comes with the project: whoever wrote it chose the registry that it names. So such a registry is sent
neither ``WHEELYARD_TOKEN`` nor passwords; logins of ~/.netrc and of the keyring belong to a host, whoever names it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

from wheelyard_cli.configuration import Configuration, find_configuration, variable
from wheelyard_resolver.errors import InputError

TOKEN_VARIABLE = "WHEELYARD_TOKEN"  # noqa: S105 (the name of the variable)
REGISTRY_VARIABLE = variable("registry")

Command = TypeVar("Command", bound=Callable[..., None])


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """The root URL of a registry; ``stated_in`` is the place in a project's file if only that names it."""

    url: str
    stated_in: str | None = None

    @property
    def trusted(self) -> bool:
        """Whether the user names it, by an option or a variable."""
        return self.stated_in is None

    def tokens(self, environment: Mapping[str, str]) -> dict[str, str]:
        """The token of the environment by the URL that it goes to; none for a registry that is not trusted."""
        token = environment.get(TOKEN_VARIABLE)
        return {self.url: token} if token and self.trusted else {}

    def require_trust(self, secret: str) -> None:
        """Raise InputError unless a secret, in words, may be sent there."""
        if not self.trusted:
            raise InputError(
                f"{secret} is not sent to {self.url}, which only {self.stated_in} names",
                hint=f"if you trust it, give --registry {self.url}, or set {REGISTRY_VARIABLE}",
            )


def registry_option(command: Command) -> Command:
    """Give a command ``--registry`` as an address: the option's, else the variable's, else that of the project's file.

    The command raises InputError where none of them names one.
    """
    option = click.option(
        "--registry",
        metavar="URL",
        envvar=REGISTRY_VARIABLE,
        show_envvar=True,
        callback=lambda context, parameter, value: address_of(context, parameter, value) or usual_registry(),
        help="The registry [default: that of wheelyard.toml or pyproject.toml].",
    )
    return option(command)


def address_of(context: click.Context, parameter: click.Parameter, value: str | None) -> RegistryAddress | None:
    """A callback of click: the value of an option with what is known of its source; None if nothing names one."""
    if value is None:
        return None
    assert parameter.name is not None
    if context.get_parameter_source(parameter.name) is not ParameterSource.DEFAULT_MAP:
        return RegistryAddress(value)
    return RegistryAddress(value, context.ensure_object(Configuration).places["registry"])


def usual_registry(hint: str = "") -> RegistryAddress:
    """The registry that counts where no option names one: that of the variable, else of the project's file.

    Raises:
        InputError: there is none; ``hint`` says what else may be done. Or the file cannot be used.
    """
    if stated := os.environ.get(REGISTRY_VARIABLE):
        return RegistryAddress(stated)
    found = find_configuration(Path.cwd())
    configured = found.values.get("registry")
    if isinstance(configured, str):
        return RegistryAddress(configured, found.places["registry"])
    raise InputError(
        "no registry is named",
        hint=f'give {hint}--registry URL, set {REGISTRY_VARIABLE}, or write registry = "URL" into wheelyard.toml',
    )
