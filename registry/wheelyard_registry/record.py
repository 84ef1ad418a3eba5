"""The RECORD of a wheel against what the wheel holds.

Source: the binary distribution format, "The .dist-info directory": RECORD lists (almost) all the files in the wheel
and their secure hashes.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator

SHOWN = 5
"""Names told of each kind; a broken RECORD is often broken in every line."""

_UNLISTED = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s"})
"""Members of the ``.dist-info`` directory that RECORD need not list."""

MAX_RECORD = 64 * 1024 * 1024


def record_problems(record: bytes, info: str, members: Collection[str]) -> Iterator[str]:
    """Where RECORD and the members of a wheel differ. ``info`` is the name of its ``.dist-info`` directory."""
    try:
        text = record.decode()
        listed = {row[0] for row in csv.reader(text.splitlines()) if row}
    except (UnicodeDecodeError, csv.Error) as error:
        yield f"its RECORD cannot be read ({error})"
        return
    free = {f"{info}/{name}" for name in _UNLISTED}
    held = {name for name in members if not name.endswith("/")}
    yield from _told("it holds files that its RECORD does not list", held - listed - free)
    yield from _told("its RECORD lists files that it does not hold", listed - held - free)


def _told(what: str, names: Collection[str]) -> Iterator[str]:
    if names:
        shown = ", ".join(map(repr, sorted(names)[:SHOWN]))
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        yield f"{what}: {shown}{more}"
