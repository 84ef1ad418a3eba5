"""``wheelyard bases propose``: the fewest shared base environments, written out."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wheelyard_cli.accepted_place import METAVAR, accepted_at, accepted_by, accepted_place
from wheelyard_cli.commands.bases.accept import DRIFT, detailed_exitcode
from wheelyard_cli.commands.bases.image_options import image_options
from wheelyard_cli.configuration import setting_option
from wheelyard_cli.format_option import format_option
from wheelyard_cli.images.settings import ImageSettings
from wheelyard_cli.registry_address import RegistryAddress
from wheelyard_cli.workspace import Options, open_workspace, options
from wheelyard_resolver.errors import InputError, NotProved
from wheelyard_resolver.model import AcceptedBase, Fleet

if TYPE_CHECKING:
    from wheelyard_resolver.plan import TargetPlan
    from wheelyard_resolver.proposal import Proposal
    from wheelyard_resolver.snapshot import Recording


@click.command()
@options
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="Write proposal, locks, Dockerfiles here."
)
@click.option("--detach", is_flag=True, help="With -o: leave the snapshot out, the certificate names its digest.")
@setting_option(
    "allow-unplaceable", multiple=True, metavar="NAME", help="A model that may be without a base. May be repeated."
)
@format_option
@click.option(
    "--accepted",
    type=accepted_place,
    metavar=METAVAR,
    help="Keep models and versions where this proposal has them, unless moving saves a base "
    "[default: what is accepted by --registry].",
)
@click.option("--upgrade", is_flag=True, help="Take the newest versions, not those accepted.")
@detailed_exitcode
@image_options
@click.pass_context
def propose(
    context: click.Context,
    *,
    options: Options,
    output: Path | None,
    detach: bool,
    allow_unplaceable: tuple[str, ...],
    form: str,
    accepted: str | None,
    upgrade: bool,
    detailed_exitcode: bool,
    images: ImageSettings,
) -> None:
    """Group a fleet into the fewest bases, prove that fewer is impossible, and write what builds them.

    With --accepted, with a registry that has accepted bases, or with [[base]] tables in the fleet file, as few models
    move as possible.

    Exit code 1 if a model is in no base and not allowed to be, 4 if the number is not proved least.

    \b
    Examples:
      wheelyard bases propose --fleet fleet.toml -o out
      wheelyard bases propose --fleet fleet.toml --accepted accepted -o out
    """
    from wheelyard_cli import base_changes, proposal_text
    from wheelyard_cli.accepted_proposal import as_accepted
    from wheelyard_resolver.fixed_bases import placements
    from wheelyard_resolver.plan import plan
    from wheelyard_resolver.proposal import to_document
    from wheelyard_resolver.propose import proposal_of

    if detailed_exitcode and accepted is None and options.registry is None:
        raise InputError("--detailed-exitcode has nothing to compare with", hint="give --accepted DIR, or a registry")
    with _with_snapshot(options, wanted=output is not None and not detach) as options:
        with open_workspace(options) as work:
            before = _before(accepted, options.registry, work.fleet.stage)
            fleet = _from(work.fleet, before, upgrade=upgrade)
            plans = plan(fleet, work.index, work.out_of_time, work.memo)
            found = proposal_of(fleet, plans, work.index)
            proof = None if output is None else _certificate(fleet, plans, work.index)
            found = replace(found, fixed=placements(work.fleet, work.index, work.memo))
            # What came after the plan may have read more: all that is written names one snapshot.
            found = replace(found, snapshot=work.index.digest())
            records = work.index.records()
        written: tuple[Path, ...] = ()
        if output is not None and proof is not None:
            used = None if detach else options.snapshot
            written = _write(found, output, proof, None if used is None else (used, records), images)
    changes = None if before is None else base_changes.changes(before, as_accepted(found))
    if form == "json":
        click.echo(json.dumps(to_document(found), indent=2))
    else:
        # Where nothing is accepted yet, all is new, and told already.
        told = base_changes.lines(changes, found.moved) if changes is not None and before else ()
        click.echo("\n".join([*proposal_text.proposal(found), *told]))
    if output is not None:
        click.echo(f"wrote {len(written)} files to {output}", err=True)
    _require_bases(context, found, allow_unplaceable)
    if detailed_exitcode and changes is not None and changes.bases:
        context.exit(DRIFT)


def _require_bases(context: click.Context, found: Proposal, without: Sequence[str]) -> None:
    """End with what the contract says where models that are not allowed to have no base, or the number is not proved.

    Raises:
        NotProved: fewer bases may be possible.
    """
    misfits = {str(miss.line.model) for placement in found.fixed for miss in placement.misfits}
    if ({item.model for item in found.unplaceable} | misfits) - set(without):
        context.exit(1)
    if not found.minimal:
        raise NotProved(
            f"{len(found.bases)} bases were found; fewer than {found.lower_bound} are impossible, "
            "what lies between is not proved",
            hint="give more time with --time-limit",
        )


def _before(accepted: str | None, registry: RegistryAddress | None, stage: str) -> Sequence[AcceptedBase] | None:
    """What is accepted where it is asked for, else by the registry that the fleet is from; None without either."""
    if accepted is not None:
        return accepted_at(accepted, stage)
    return None if registry is None else accepted_by(registry, stage)


def _from(fleet: Fleet, accepted: Sequence[AcceptedBase] | None, *, upgrade: bool) -> Fleet:
    """The fleet with what is accepted, and without the accepted versions where newer ones are wanted."""
    planned = fleet.planned()
    bases = planned.bases if accepted is None else accepted
    return replace(planned, bases=tuple(replace(base, versions=()) if upgrade else base for base in bases))


# What writes files is imported only where files are written: it takes longer to import than a small fleet to plan.


def _certificate(fleet: Fleet, plans: Sequence[TargetPlan], recording: Recording) -> Mapping[str, object]:
    from wheelyard_resolver import certificate

    return certificate.to_document(fleet, plans, recording)


def _write(
    proposal: Proposal,
    output: Path,
    certificate: Mapping[str, object],
    snapshot: tuple[Path, Mapping[str, str]] | None,
    images: ImageSettings,
) -> tuple[Path, ...]:
    from wheelyard_cli.images.write import Proof, write_proposal
    from wheelyard_cli.snapshot_records import copy_records

    copied = None if snapshot is None else partial(copy_records, *snapshot)
    return write_proposal(proposal, output, Proof(certificate, copied), images)


@contextmanager
def _with_snapshot(options: Options, *, wanted: bool) -> Iterator[Options]:
    """The options with a snapshot, for a while, where one is wanted and none is given."""
    if options.snapshot is not None or not wanted:
        yield options
        return
    with tempfile.TemporaryDirectory(prefix="wheelyard-") as directory:
        yield replace(options, snapshot=Path(directory, "index.snapshot"))
