"""``wheelyard doctor``: what an index does well, and what its shortcomings mean for pip and uv."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from urllib.parse import urlsplit

import click
import httpx

from wheelyard_cli import __version__
from wheelyard_cli.format_option import format_option
from wheelyard_cli.index_doctor import Doctor, Examined, Level
from wheelyard_cli.transfer import OriginAuth
from wheelyard_resolver.errors import InputError

_COLOURS = {Level.GOOD: "green", Level.WEAK: "yellow", Level.BAD: "red", Level.UNKNOWN: "white"}


@click.command(name="doctor")
@click.argument("url")
@click.option("--project", metavar="NAME", help="Project to look at [default: the first that the index lists].")
@format_option
def command(*, url: str, project: str | None, form: str) -> None:
    """Examine any simple index at URL: conformance, caching, ranges, authentication, dependency confusion.

    Exit code 1 if anything is bad. Credentials come from the URL or from netrc.

    \b
    Example:
      wheelyard doctor https://pypi.org/simple/ --project requests
    """
    _require_web_address(url)
    client = httpx.Client(
        auth=OriginAuth([url], os.environ), timeout=30, headers={"User-Agent": f"wheelyard/{__version__}"}
    )
    with client:
        found = Doctor(client, url).examine(project)
    click.echo(_json(found) if form == "json" else _text(found))
    raise click.exceptions.Exit(0 if found.sound else 1)


def _require_web_address(url: str) -> None:
    try:
        usable = urlsplit(url).scheme in {"http", "https"} and bool(httpx.URL(url).host)
    except (ValueError, httpx.InvalidURL):
        usable = False
    if not usable:
        raise InputError(
            "the URL of the index cannot be read",  # it is not repeated: it may hold a password
            hint="write it like https://user:password@host/simple/, with characters such as / @ : [ in the password "
            "percent-encoded",
        )


def _text(found: Examined) -> str:
    lines = [f"{found.url}, by the example of {found.project}"]
    for finding in found.findings:
        mark = click.style(f"{finding.level.value:8}", fg=_COLOURS[finding.level])
        lines.append(f"{mark}{finding.topic}: {finding.seen}")
        if finding.meaning:
            lines.append(f"        {finding.meaning}")
    return "\n".join(lines)


def _json(found: Examined) -> str:
    findings = [{**asdict(finding), "level": finding.level.value} for finding in found.findings]
    return json.dumps({"url": found.url, "project": found.project, "findings": findings}, indent=2)
