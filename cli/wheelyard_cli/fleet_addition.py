"""Add a table to the end of a fleet file, leaving what is written there, comments included, as it is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import tomli_w

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_resolver.errors import InputError


def add_table(fleet: Path, key: str, values: Mapping[str, object]) -> None:
    """Add ``[[key]]`` with those values; the file is replaced whole, and only by one that can be read.

    Raises:
        InputError: there is no fleet file, or it would not be valid with the table.
    """
    try:
        text = fleet.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{fleet} cannot be read: {error}", hint="name a fleet file with --fleet") from error
    table = f"[[{key}]]\n{tomli_w.dumps(values)}"
    with tempfile.NamedTemporaryFile(
        "w", dir=fleet.parent, prefix=".wheelyard-", suffix=".toml", delete=False, encoding="utf-8"
    ) as file:
        path = Path(file.name)
        file.write(f"{text.rstrip()}\n\n{table}")
        file.flush()
        os.fsync(file.fileno())
    try:
        read_fleet(path)
        path.chmod(fleet.stat().st_mode & 0o777)
        path.replace(fleet)
    except InputError as error:
        raise InputError(
            f"{fleet} would not be valid with the table added: {error.message}", hint=error.hint
        ) from error
    finally:
        path.unlink(missing_ok=True)
