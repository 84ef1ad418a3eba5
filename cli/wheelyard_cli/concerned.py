"""Who is concerned by a package, as a registry tells it, for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

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


def tell(answer: Mapping[str, Any], form: str, nobody: str) -> None:
    """Print who is concerned, as JSON or for people; ``nobody`` is said, to those people, where nobody is."""
    if form == "json":
        click.echo(json.dumps(answer, indent=2))
        return
    found = list(lines(answer))
    click.echo("\n".join(found) if found else nobody, err=not found)


def _row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    row = entry["deployment"]
    place = (row["stage"], row["model"], row["version"], row["slot"])
    return (*place, row["owner"] or "-", row["base"] or "-", ", ".join(entry["because"]))


def _hosts(base: Mapping[str, Any]) -> str:
    return f"hosts {', '.join(base['models']) or 'no models'}"
