"""``wheelyard audit``: the hash-chained log of everything that changed in a registry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import click

from wheelyard_cli.audit_chain import Head, verify
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, registry_option
from wheelyard_cli.registry_client import RegistryClient


@click.group(name="audit")
def command() -> None:
    """Read and verify the audit log of a registry (administrators)."""


@command.command()
@registry_option
def head(*, registry: RegistryAddress) -> None:
    """Print the head of the log. Keep it somewhere else: `verify --expect` needs it."""
    with RegistryClient(registry) as client:
        newest = client.call("GET", "audit/head")
    click.echo(f"{newest['serial']}:{newest['link']}")


@command.command(name="verify")
@click.option("--expect", metavar="HEAD", help="A head printed earlier. Without it, a shortened log looks whole.")
@registry_option
def verify_(*, expect: str | None, registry: RegistryAddress) -> None:
    """Follow every link of the log. Exit code 1 if it was changed, shortened or rewritten.

    \b
    Example:
      wheelyard audit verify --expect "$(cat head.txt)"
    """
    expected = None if expect is None else Head.parse(expect)
    with RegistryClient(registry) as client:
        found = verify(_entries(client), expected)
    click.echo(f"{found.serial} entries, unbroken; head {found}", err=True)


@command.command()
@format_option
@registry_option
def log(*, form: str, registry: RegistryAddress) -> None:
    """Print the log, oldest first; as JSON one entry a line."""
    with RegistryClient(registry) as client:
        for entry in _entries(client):
            if form == "json":
                click.echo(json.dumps(entry, sort_keys=True))
            else:
                facts = json.dumps(entry["facts"], sort_keys=True)
                click.echo(f"{entry['serial']} {entry['at']} {entry['by']} {entry['kind']} {entry['subject']} {facts}")


def _entries(client: RegistryClient) -> Iterator[Mapping[str, object]]:
    after: object = 0
    while page := client.rows("audit", "events", after=str(after)):
        yield from page
        after = page[-1]["serial"]
