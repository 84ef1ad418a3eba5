"""Which formats there are, and writing a report in several of them."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wheelyard_cli.report_formats.places import Repository
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.report import Report

FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "markdown")
_MODULES = {"json": "json_document"}
_IN_REPOSITORIES = ("sarif", "github", "gitlab")


@dataclass(frozen=True)
class Output:
    """A format and the file that it is written to."""

    form: str
    path: Path


def parse_outputs(given: Sequence[str]) -> tuple[Output, ...]:
    """``FORMAT=FILE`` each.

    Raises:
        InputError: one is not of that form, or what should be a directory is a file.
    """
    found = []
    for text in given:
        form, equals, file = text.partition("=")
        if form not in FORMATS or not equals or not file:
            raise InputError(
                f"--output {text} is not FORMAT=FILE", hint=f"the formats are {', '.join(FORMATS)}: sarif=out.sarif"
            )
        path = Path(file)
        above = next(directory for directory in path.absolute().parents if directory.exists())
        if not above.is_dir():
            raise InputError(f"--output {text}: {above} is no directory", hint="name another path")
        found.append(Output(form, path))
    return tuple(found)


def render(report: Report, form: str, repository: Repository, *, every_conflict: bool = False) -> str:
    """The report in a format."""
    module = importlib.import_module(f"wheelyard_cli.report_formats.{_MODULES.get(form, form)}")
    if form == "text":
        return str(module.render(report, every_conflict=every_conflict))
    return str(module.render(report, repository) if form in _IN_REPOSITORIES else module.render(report))


def write(outputs: Sequence[Output], report: Report, repository: Repository, *, every_conflict: bool = False) -> None:
    """Write the report to each file; directories that are missing are made.

    Raises:
        InputError: a file cannot be written.
    """
    for output in outputs:
        try:
            output.path.parent.mkdir(parents=True, exist_ok=True)
            output.path.write_text(
                render(report, output.form, repository, every_conflict=every_conflict), encoding="utf-8"
            )
        except OSError as error:
            raise InputError(f"{output.path} cannot be written: {error.strerror}", hint="check the path") from error
