"""Who is concerned by a package, as a registry tells it, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wheelyard_cli.columns import aligned


def lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """The deployed models as a table, then a line for each accepted base."""
    rows: Sequence[Mapping[str, Any]] = answer["deployments"]
    if rows:
        yield aligned([("STAGE", "MODEL", "VERSION", "SLOT", "OWNER", "BASE", "BECAUSE"), *map(_row, rows)])
    for base in answer.get("bases", ()):
        owners = f", owned by {', '.join(base['owners'])}" if base["owners"] else ""
        because = ", ".join(base["because"])
        yield f"{base['name']} of {base['stage']} locks {because} (lock {base['lock'][:12]}; {_hosts(base)}{owners})"


def _row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    row = entry["deployment"]
    place = (row["stage"], row["model"], row["version"], row["slot"])
    return (*place, row["owner"] or "-", row["base"] or "-", ", ".join(entry["because"]))


def _hosts(base: Mapping[str, Any]) -> str:
    return f"hosts {', '.join(base['models']) or 'no models'}"
