"""The help of the command line: every command that must be given something shows how, and what it shows is true."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click
import pytest
from tests.cli.shell import Shell

from wheelyard_cli.main import cli


def commands_of(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """A command and all those below it, by what is typed."""
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands_of(found, click.Context(found, info_name=name, parent=context))


COMMANDS = dict(commands_of(cli, click.Context(cli, info_name="wheelyard")))
EXAMPLES = [
    (path, line.strip())
    for path, command in COMMANDS.items()
    for line in cleandoc(command.help or "").partition("\nExample")[2].splitlines()[1:]
]


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_that_must_be_given_something_shows_an_example(path: str) -> None:
    command = COMMANDS[path]
    if any(parameter.required for parameter in command.params):
        assert path in {owner for owner, _ in EXAMPLES}


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[line for _, line in EXAMPLES])
def test_the_command_line_understands_an_example(
    path: str, example: str, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as options and arguments go, where the files that it names are there."""
    monkeypatch.setenv("WHEELYARD_REGISTRY", "http://127.0.0.1:9")
    for name in ("out", "accepted", "packages"):
        (shell.directory / name).mkdir()
    for name in ("fleet.toml", "deployments.csv", "pylock.toml", "freeze.txt"):
        Path(name).touch()
    program, *words = shlex.split(example)
    assert program == "wheelyard"
    assert example.startswith(path)
    command: click.Command = cli
    context = click.Context(cli, info_name="wheelyard")
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    with command.make_context(command.name, words, parent=context):
        pass


@pytest.mark.parametrize("path", COMMANDS)
def test_options_have_a_description(path: str) -> None:
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


@pytest.mark.parametrize("path", COMMANDS)
def test_an_option_that_may_be_repeated_says_so(path: str) -> None:
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option) and parameter.multiple:
            assert "May be repeated" in (parameter.help or ""), parameter.name
