"""``wheelyard bases``: the fewest shared base environments, written out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wheelyard_cli.workspace import Options, open_workspace, options
from wheelyard_resolver.errors import NotProved


@click.group(name="bases")
def command() -> None:
    """Propose the fewest shared base environments for a fleet."""


@command.command()
@options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Write proposal, locks, Dockerfiles here."
)
@click.option("--allow-unplaceable", multiple=True, metavar="NAME", help="A model that may be without a base.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def propose(
    context: click.Context,
    *,
    options: Options,
    output: Path | None,
    allow_unplaceable: tuple[str, ...],
    form: str,
) -> None:
    """Group a fleet into the fewest bases, prove that fewer is impossible, and write what builds them.

    Exits with 1 if a model is in no base and not allowed to be, with 4 if the number is not proved least.
    """
    from wheelyard_cli import verdict_text
    from wheelyard_cli.images.write import write_proposal
    from wheelyard_resolver.proposal import to_document
    from wheelyard_resolver.propose import propose as solve

    with open_workspace(options) as work:
        found = solve(work.fleet, work.index, work.out_of_time)
    written = write_proposal(found, output) if output is not None else ()
    if form == "json":
        click.echo(json.dumps(to_document(found), indent=2))
    else:
        for line in verdict_text.proposal(found):
            click.echo(line)
    if output is not None:
        click.echo(f"wrote {', '.join(path.name for path in written)} to {output}", err=True)
    if any(item.model not in allow_unplaceable for item in found.unplaceable):
        context.exit(1)
    if not found.minimal:
        raise NotProved(
            f"{len(found.bases)} bases were found; fewer than {found.lower_bound} are impossible, "
            "what lies between is not proved",
            hint="give more time with --time-limit",
        )
