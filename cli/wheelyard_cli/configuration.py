"""Settings that a project keeps: ``wheelyard.toml``, or ``[tool.wheelyard]`` of a ``pyproject.toml``.

The nearest directory that has either counts, from the working directory upwards; ``wheelyard.toml`` before the other.
A flag of the command line counts more than its variable ``WHEELYARD_...``, and that more than the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from wheelyard_cli.document_table import Table

Command = TypeVar("Command", bound=Callable[..., None])


@dataclass(frozen=True)
class Setting:
    """A setting by its name in files: its flag is ``--name``, its variable ``WHEELYARD_NAME``.

    ``kind`` is "text", "path" (in a file: relative to it), "flag", "texts" or "number".
    """

    name: str
    kind: str

    @property
    def parameter(self) -> str:
        """What click calls it."""
        return self.name.replace("-", "_")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"WHEELYARD_{self.parameter.upper()}"


SETTINGS = (
    Setting("fleet", "path"),
    Setting("registry", "text"),
    Setting("stage", "text"),
    Setting("index-url", "text"),
    Setting("exclude-newer", "text"),
    Setting("snapshot", "path"),
    Setting("offline", "flag"),
    Setting("time-limit", "number"),
    Setting("slot", "text"),
    Setting("fail-on", "text"),
    Setting("allow-unplaceable", "texts"),
    Setting("advisory", "flag"),
    Setting("baseline", "path"),
    Setting("waivers", "path"),
)


@dataclass(frozen=True)
class Configuration:
    """What a file sets: values by click's name of the parameter, and the place of each."""

    values: Mapping[str, object] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return next(setting.variable for setting in SETTINGS if setting.name == name)


def setting_option(name: str, **attributes: Any) -> Callable[[Command], Command]:
    """The option of a setting, with its variable; ``attributes`` are those of click's option."""
    return click.option(f"--{name}", envvar=variable(name), show_envvar=True, **attributes)


def find_configuration(start: Path) -> Configuration:
    """The configuration that counts in a directory; an empty one where there is none.

    Raises:
        InputError: everything that is wrong with its file, each with its line.
    """
    for directory in (start, *start.parents):
        own = directory / "wheelyard.toml"
        if own.is_file():
            return _read(own, (), start)
        project = directory / "pyproject.toml"
        # Looked at before it is parsed: most commands run where nothing is configured.
        if project.is_file() and b"tool.wheelyard" in project.read_bytes():
            return _read(project, ("tool", "wheelyard"), start)
    return Configuration()


def _read(path: Path, keys: tuple[str, ...], start: Path) -> Configuration:
    from wheelyard_cli.document_table import Table
    from wheelyard_cli.project_directory import read_toml

    data, problems = read_toml(Path(os.path.relpath(path, start)))
    content: object = data
    for key in keys:
        content = content.get(key) if isinstance(content, Mapping) else None
    table = Table(
        content if isinstance(content, Mapping) else {}, keys, f"[{'.'.join(keys)}]" if keys else "the file", problems
    )
    values: dict[str, object] = {}
    for setting in SETTINGS:
        if table.has(setting.name):
            values[setting.parameter] = _value(table, setting, path.parent, start)
    table.finish()
    problems.raise_any()
    return Configuration(
        values,
        {
            setting.parameter: problems.place(table.at(setting.name))
            for setting in SETTINGS
            if setting.parameter in values
        },
    )


def _value(table: Table, setting: Setting, directory: Path, start: Path) -> object:
    if setting.kind == "flag":
        return table.flag(setting.name)
    if setting.kind == "texts":
        return [text for _, text in table.texts(setting.name)]
    if setting.kind == "number":
        value = table.data[setting.name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            table.wrong(setting.name, "must be a number of seconds", hint="for example time-limit = 60")
        return value
    text = table.text(setting.name)
    return os.path.relpath(directory / text, start) if text is not None and setting.kind == "path" else text


def default_map(found: Configuration) -> Mapping[str, object]:
    """A configuration as click's ``default_map`` of the commands that judge a fleet."""
    values = found.values
    return {"check": values, "explain": values, "bases": {"propose": values}, "config": {"show": values}}


def one_fleet(given: Mapping[str, str]) -> str | None:
    """Of ``fleet`` and ``registry``, the one that a weaker source sets beside the other; None if neither yields.

    ``given`` says where each of those that are set comes from, by the names of click's ParameterSource.
    """
    if given.keys() != {"fleet", "registry"}:
        return None
    rank = {name: _STRONGEST.index(source) for name, source in given.items()}
    if rank["fleet"] == rank["registry"]:
        return None
    return max(rank, key=rank.__getitem__)


_STRONGEST = ("COMMANDLINE", "PROMPT", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT")
