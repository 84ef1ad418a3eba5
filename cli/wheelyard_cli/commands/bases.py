"""``wheelyard bases``: the fewest shared base environments, written out, and checked again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from wheelyard_cli.workspace import Options, open_workspace, options
from wheelyard_resolver.errors import NotProved, Undecided


@click.group(name="bases")
def command() -> None:
    """Propose the fewest shared base environments for a fleet, and verify proposals."""


@command.command()
@options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Write proposal, locks, Dockerfiles here."
)
@click.option("--detach", is_flag=True, help="With -o: leave the snapshot out, the certificate names its digest.")
@click.option("--allow-unplaceable", multiple=True, metavar="NAME", help="A model that may be without a base.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def propose(
    context: click.Context,
    *,
    options: Options,
    output: Path | None,
    detach: bool,
    allow_unplaceable: tuple[str, ...],
    form: str,
) -> None:
    """Group a fleet into the fewest bases, prove that fewer is impossible, and write what builds them.

    Exits with 1 if a model is in no base and not allowed to be, with 4 if the number is not proved least.
    """
    from wheelyard_cli import verdict_text
    from wheelyard_cli.images.write import Proof, write_proposal
    from wheelyard_cli.snapshot_records import copy_records
    from wheelyard_resolver import certificate
    from wheelyard_resolver.proposal import to_document
    from wheelyard_resolver.propose import plan, proposal_of

    with _with_snapshot(options, wanted=output is not None and not detach) as options:
        with open_workspace(options) as work:
            plans = plan(work.fleet, work.index, work.out_of_time, work.memo)
            found = proposal_of(work.fleet, plans, work.index)
            proof = None if output is None else certificate.to_document(work.fleet, plans, work.index)
            # The certificate may have read more: all that is written names one snapshot.
            found = replace(found, snapshot=work.index.digest())
            records = work.index.records()
        written: tuple[Path, ...] = ()
        if output is not None and proof is not None:
            used = options.snapshot
            snapshot = None if detach or used is None else partial(copy_records, used, records)
            written = write_proposal(found, output, Proof(proof, snapshot))
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


@contextmanager
def _with_snapshot(options: Options, *, wanted: bool) -> Iterator[Options]:
    """The options with a snapshot, for a while, where one is wanted and none is given."""
    if options.snapshot is not None or not wanted:
        yield options
        return
    with tempfile.TemporaryDirectory(prefix="wheelyard-") as directory:
        yield replace(options, snapshot=Path(directory, "index.snapshot"))


@command.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--fleet", type=click.Path(path_type=Path, dir_okay=False), help="The fleet file that must be meant.")
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Check against this snapshot instead of the one in DIRECTORY.",
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def verify(context: click.Context, *, directory: Path, fleet: Path | None, snapshot: Path | None, form: str) -> None:
    """Check a proposal by its certificate, offline and without the solver.

    Every lock is held against the index pages and METADATA of the snapshot, every conflict and every model without a
    base is refuted again from them, and so are fewer bases. Dockerfiles and proposal.md are not read.

    Exits with 1 if anything does not hold.
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
