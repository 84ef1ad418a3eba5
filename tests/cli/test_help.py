"""The help of the command line: every command that must be given something shows how, and what it shows is true."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

import click
import pytest

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


def shown_on(page: Path) -> Iterator[str]:
    """The command lines of a page, whole where they go on over lines."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if re.match(r"(    )?(\$ )?wheelyard (?!is ready)[a-z]", line) and "[--" not in line:
            yield line.strip().removeprefix("$ ")


ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHOWN = sorted({line for page in PAGES for line in shown_on(page)})


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_that_must_be_given_something_shows_an_example(path: str) -> None:
    command = COMMANDS[path]
    if any(parameter.required for parameter in command.params):
        assert path in {owner for owner, _ in EXAMPLES}


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[line for _, line in EXAMPLES])
def test_the_command_line_understands_an_example(path: str, example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEELYARD_REGISTRY", "http://127.0.0.1:9")
    assert example.startswith(path)
    understand(example)


@pytest.mark.parametrize("line", SHOWN)
def test_the_command_line_understands_what_the_pages_show(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHEELYARD_REGISTRY", "http://127.0.0.1:9")
    understand(line)


def understand(line: str) -> None:
    """Let the command line read a command, without running it; whether files are there does not matter."""
    # Unquoted, these end a command for the shell.
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|>&")
    lexer.whitespace_split = True
    program, *words = itertools.takewhile(lambda word: word not in {"|", ">", "&"}, lexer)
    assert program == "wheelyard"
    command: click.Command = cli
    context = click.Context(cli, info_name="wheelyard")
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    try:
        with command.make_context(command.name, words, parent=context):
            pass
    except click.BadParameter as wrong:
        if not re.search("does not exist|there is no directory", wrong.message):
            raise


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


@pytest.mark.parametrize("path", COMMANDS)
def test_an_option_that_names_a_registry_tells_of_the_variable(path: str) -> None:
    for parameter in COMMANDS[path].params:
        if isinstance(parameter, click.Option) and "--registry" in parameter.opts:
            assert "WHEELYARD_REGISTRY" in f"{parameter.envvar} {parameter.help}"
