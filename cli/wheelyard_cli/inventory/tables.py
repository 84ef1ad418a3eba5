"""Deployments in tables: CSV with a header (RFC 4180), and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from wheelyard_cli.inventory.entry import FIELDS, Entry
from wheelyard_resolver.errors import InputError, InputErrors


def read_csv(path: Path) -> Iterator[Entry]:
    """The rows of a CSV file, whose header names fields of :data:`FIELDS`.

    Raises:
        InputError: it cannot be read, or the header names something else.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, strict=True)
            _require_known(rows.fieldnames or (), f"{path}:1")
            for row in rows:
                where = f"{path}:{rows.line_num}"
                if None in row:
                    raise InputError(
                        "the row has more cells than the header",
                        where=where,
                        hint="put a cell that holds a comma into double quotes",
                    )
                yield Entry(where, tuple((name, text.strip()) for name, text in row.items() if text and text.strip()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="give a CSV file in UTF-8 with a header") from error


def read_json_lines(path: Path) -> Iterator[Entry]:
    """The objects of a file with one JSON object a line: strings, and ``requires`` as a list of them.

    Raises:
        InputError: it cannot be read; all lines that are no such objects are told.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", hint="give a file of JSON lines in UTF-8") from error
    wrong: list[InputError] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield _entry(line, f"{path}:{number}")
        except InputError as error:
            wrong.append(error)
    InputErrors.raise_any(wrong)


def _entry(line: str, where: str) -> Entry:
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"it is not JSON: {error}", where=where) from error
    if not isinstance(given, dict):
        raise InputError("it is not a JSON object", where=where, hint='write one object a line, such as {"model": ...}')
    requires = given.pop("requires", None)
    _require_known(given, where)
    stated = {name: value for name, value in given.items() if value is not None}
    if not all(isinstance(value, str) for value in stated.values()):
        raise InputError("all fields but requires are strings", where=where)
    if requires is not None and not (isinstance(requires, list) and all(isinstance(each, str) for each in requires)):
        raise InputError("requires must be a list of strings", where=where)
    return Entry(where, tuple(stated.items()), None if requires is None else tuple(requires))


def _require_known(names: Iterable[str], where: str) -> None:
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        raise InputError(
            f"unknown: {', '.join(map(repr, unknown))}", where=where, hint=f"the fields are {', '.join(FIELDS)}"
        )
