"""``wheelyard bases verify``: a proposal checked again, offline and without the solver."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from wheelyard_cli.format_option import format_option
from wheelyard_resolver.errors import Undecided


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--fleet",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Hold it against this fleet file: it must be about that fleet.",
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Check against this snapshot instead of the one in DIRECTORY.",
)
@format_option
@click.pass_context
def verify(context: click.Context, *, directory: Path, fleet: Path | None, snapshot: Path | None, form: str) -> None:
    """Check a proposal by its certificate, offline and without the solver.

    Every lock is held against the index pages and METADATA of the snapshot, every conflict and every model without a
    base is refuted again from them, and so are fewer bases. Of the files written, the locks, proposal.json and
    certificate.json are read: not the words in them (because, reason), Dockerfiles, SBOMs, nor proposal.md.

    Exit code 1 if anything does not hold.

    \b
    Example:
      wheelyard bases verify out --fleet fleet.toml
    """
    from wheelyard_cli import stated_fleet, verification_text
    from wheelyard_cli.images.read import read_directory
    from wheelyard_cli.snapshot_records import SnapshotRecords
    from wheelyard_resolver.verify.document import Table
    from wheelyard_resolver.verify.evidence import Evidence
    from wheelyard_resolver.verify.statement import read_statement
    from wheelyard_resolver.verify.verification import verify as check

    written = read_directory(directory)
    certificate = Table.parse(written.certificate, "certificate.json")
    source = snapshot or written.snapshot
    if source is None:
        raise Undecided(
            f"the snapshot is not in {directory}: the proposal was made with --detach, or it was removed",
            hint="name the snapshot that it was made from: --snapshot FILE",
        )
    with SnapshotRecords(source) as records:
        stated = read_statement(certificate)
        evidence = Evidence(stated.records, records)
        other = () if fleet is None else stated_fleet.differences(certificate.get("fleet"), fleet, evidence)
        found = check(stated, Table.parse(written.proposal, "proposal.json"), written.locks, evidence)
    found = replace(found, problems=(*other, *found.problems))
    if form == "json":
        click.echo(json.dumps(verification_text.document(found), indent=2))
    else:
        for line in verification_text.lines(found, fleet_given=fleet is not None):
            click.echo(line)
    if found.problems:
        context.exit(1)
