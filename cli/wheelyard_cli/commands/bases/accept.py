"""``wheelyard bases diff`` and ``accept``: from a proposal to what is accepted."""

from __future__ import annotations

import json
from pathlib import Path

import click

from wheelyard_cli.accepted_place import accepted_at, accepted_place
from wheelyard_cli.format_option import format_option
from wheelyard_cli.registry_address import RegistryAddress, usual_registry

DRIFT = 3
"""The exit code for "there are changes", where it is asked for."""

_directory = click.Path(path_type=Path, file_okay=False)
_existing = click.Path(path_type=Path, file_okay=False, exists=True)

detailed_exitcode = click.option(
    "--detailed-exitcode", is_flag=True, help="Exit with 3 if anything changes (for a nightly job)."
)


@click.command()
@click.argument("accepted", type=accepted_place, metavar="ACCEPTED")
@click.argument("proposed", type=_existing)
@click.option("--stage", help="Where ACCEPTED is a registry: the stage [default: that of the proposal].")
@format_option
@detailed_exitcode
@click.pass_context
def diff(
    context: click.Context,
    *,
    accepted: str,
    proposed: Path,
    stage: str | None,
    form: str,
    detailed_exitcode: bool,
) -> None:
    """Show what would change if the proposal in PROPOSED were accepted in place of what is ACCEPTED.

    ACCEPTED is a directory, or the URL of a registry.

    \b
    Examples:
      wheelyard bases diff accepted out
      wheelyard bases diff http://127.0.0.1:8080 out --detailed-exitcode
    """
    from wheelyard_cli import base_changes
    from wheelyard_cli.accepted_proposal import read_accepted, stage_of

    new = read_accepted(proposed)
    found = base_changes.changes(accepted_at(accepted, stage or stage_of(proposed)), new)
    if form == "json":
        click.echo(json.dumps(base_changes.document(found), indent=2))
    else:
        for line in base_changes.lines(found):
            click.echo(line)
    if detailed_exitcode and found.bases:
        context.exit(DRIFT)


@click.command()
@click.argument("proposed", type=_existing)
@click.argument("accepted", type=_directory, required=False)
@click.option(
    "--registry",
    metavar="URL",
    help="Tell this registry: its fleet then names the bases with their locks. Without ACCEPTED, WHEELYARD_REGISTRY and"
    " the registry of wheelyard.toml or pyproject.toml count too.",
)
@click.option("--stage", help="The stage in the registry [default: that of the proposal].")
def accept(*, proposed: Path, accepted: Path | None, registry: str | None, stage: str | None) -> None:
    """Make the proposal in PROPOSED the one in ACCEPTED: what the next proposal changes as little as possible.

    The files are taken over as they are, whole or not at all; those of the earlier proposal that this one does not have
    are removed; what is known of images that stay the same is kept. Keep ACCEPTED under version control, and check a
    proposal with `bases verify` before it is accepted. Without ACCEPTED only the registry is told.

    \b
    Examples:
      wheelyard bases accept out accepted
      wheelyard bases accept out --registry http://127.0.0.1:8080
    """
    if accepted is None and registry is None:
        _tell(usual_registry("a directory ACCEPTED, "), proposed, stage)
    if registry is not None:
        _tell(RegistryAddress(registry), proposed, stage)
    if accepted is not None:
        _take_over(proposed, accepted)


def _tell(registry: RegistryAddress, proposed: Path, stage: str | None) -> None:
    from wheelyard_cli.accepted_proposal import for_a_registry, stage_of
    from wheelyard_cli.registry_client import RegistryClient

    body = for_a_registry(proposed)
    stage = stage or stage_of(proposed)
    with RegistryClient(registry) as client:
        answer = client.accept_bases(stage, body)
    click.echo(f"accepted for {stage} by {client.url}: {', '.join(answer) or 'no bases'}", err=True)


def _take_over(proposed: Path, accepted: Path) -> None:
    from wheelyard_cli import base_changes
    from wheelyard_cli.accepted_proposal import read_accepted
    from wheelyard_cli.building.images import results, take_over
    from wheelyard_cli.images import file_names
    from wheelyard_cli.images.write import copy_proposal

    new = read_accepted(proposed)
    old = read_accepted(accepted) if (accepted / file_names.PROPOSAL_JSON).exists() else ()
    built = {**results(accepted), **results(proposed)}
    copied = copy_proposal(proposed, accepted)
    take_over(accepted, built)
    for line in base_changes.lines(base_changes.changes(old, new)):
        click.echo(line)
    click.echo(f"accepted: {len(copied)} files in {accepted}", err=True)
