"""``wheelyard check``: a fleet on its own, or whether a candidate can join it."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wheelyard_cli.configuration import setting_option
from wheelyard_cli.format_option import format_among
from wheelyard_cli.report_formats.outputs import FORMATS
from wheelyard_cli.workspace import Options, open_workspace, options
from wheelyard_resolver.errors import NotProved
from wheelyard_resolver.levels import Level

if TYPE_CHECKING:
    from wheelyard_cli.known_findings import Waiver
    from wheelyard_cli.report_formats.places import Repository
    from wheelyard_resolver.question import Question
    from wheelyard_resolver.report import Report

_FILE = click.Path(path_type=Path, dir_okay=False)
_LEVELS = [level.value for level in Level]


@dataclass(frozen=True)
class _Known:
    """Findings that do not count, and where to write those of today."""

    baseline: Mapping[str, str] | None
    waivers: tuple[Waiver, ...]
    write_baseline: Path | None

    @classmethod
    def read(cls, baseline: Path | None, waivers: Path | None, write_baseline: Path | None) -> _Known:
        """Read the files, before anything long begins."""
        from wheelyard_cli.known_findings import read_baseline, read_waivers

        return cls(
            None if baseline is None else read_baseline(baseline),
            () if waivers is None else read_waivers(waivers),
            write_baseline,
        )

    def applied_to(self, report: Report) -> Report:
        """The report with what is known marked so; the new baseline, if one is asked for, is written."""
        from wheelyard_cli.known_findings import read_baseline, with_baseline, with_waivers, write_baseline

        report = with_waivers(report, self.waivers, dt.datetime.now(dt.timezone.utc).date())
        baseline = self.baseline
        if self.write_baseline is not None:
            write_baseline(self.write_baseline, report)
            baseline = read_baseline(self.write_baseline)
        return report if baseline is None else with_baseline(report, baseline)


@click.command(name="check")
@click.argument("candidate", nargs=-1, metavar="[DIRECTORY | WHEEL | NAME==VERSION | REQUIREMENT...]")
@options
@click.option(
    "--extra", "extras", multiple=True, metavar="NAME", help="An extra of the directory or wheel. May be repeated."
)
@setting_option(
    "slot",
    default="default",
    show_default=True,
    help="The slot that the candidate is for.",
)
@setting_option(
    "fail-on",
    type=click.Choice(_LEVELS),
    default=Level.NEW_BASE.value,
    show_default=True,
    help="Fail a candidate at this level or a worse one.",
)
@setting_option(
    "allow-unplaceable",
    multiple=True,
    metavar="NAME",
    help="A model that may be without a base. May be repeated.",
)
@setting_option(
    "advisory",
    is_flag=True,
    help="Exit with 0 also where the policy fails.",
)
@setting_option("baseline", type=_FILE, help="Findings of this file do not fail.")
@click.option("--write-baseline", type=_FILE, help="Write what fails today to this file, and pass.")
@setting_option(
    "waivers",
    type=_FILE,
    help="A file of [[waiver]]: finding, owner, reason, expires.",
)
@click.option("--every-conflict", is_flag=True, help="Tell each conflict of the fleet, not only what they are about.")
@format_among(*FORMATS)
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write this format to a file as well. May be repeated.",
)
@click.pass_context
def command(
    context: click.Context,
    *,
    candidate: tuple[str, ...],
    options: Options,
    extras: tuple[str, ...],
    slot: str,
    fail_on: str,
    allow_unplaceable: tuple[str, ...],
    advisory: bool,
    baseline: Path | None,
    write_baseline: Path | None,
    waivers: Path | None,
    every_conflict: bool,
    form: str,
    outputs: tuple[str, ...],
) -> None:
    """Check a fleet, or whether a candidate can join it.

    With a candidate: what it takes for it to join, or to replace its older release of the same name and slot. Best
    first: fits (an accepted base as built), rebuild (that base is locked anew), moves (another accepted base takes
    it), regroup (other models move), new-base, not-installable.

    With --registry alone the registry answers; with --index-url or --snapshot its fleet is judged here.

    Without a candidate: which models conflict, which cannot be installed at all, whether the accepted bases still
    hold, and whether the fleet needs more bases than its max-bases.

    \b
    Examples:
      wheelyard check --fleet fleet.toml
      wheelyard check . --registry http://127.0.0.1:8080 --stage prod
      wheelyard check churn-score==1.9.0 --fleet fleet.toml --output sarif=wheelyard.sarif
      wheelyard check 'pandas>=2' 'numpy<2' --fleet fleet.toml
    """
    from wheelyard_cli.candidate import read_candidate
    from wheelyard_cli.report_formats.outputs import parse_outputs, render, write
    from wheelyard_resolver.question import Question

    files = parse_outputs(outputs)
    known = _Known.read(baseline, waivers, write_baseline)
    question = Question(
        applicant=read_candidate(candidate, extras) if candidate else None,
        slot=slot,
        fail_on=Level(fail_on),
        allowed=allow_unplaceable,
        every_conflict=every_conflict,
    )
    report = known.applied_to(_answer(question, options))
    repository = _repository(candidate, options.fleet)
    write(files, report, repository, every_conflict=every_conflict)
    click.echo(render(report, form, repository, every_conflict=every_conflict), nl=False)
    if report.status == "not proved":
        raise NotProved(
            "whether the policy holds was not proved in time", hint="give more time with --time-limit, or none"
        )
    context.exit(1 if report.failed and not advisory else 0)


def _answer(question: Question, options: Options) -> Report:
    """By the registry, unless another index, or a snapshot, is to decide."""
    if options.registry is None or options.index_url or options.snapshot or options.offline:
        from wheelyard_resolver.check import answer

        with open_workspace(options) as work:
            return answer(question, work.fleet, work.index, work.out_of_time, work.memo)
    from wheelyard_cli.registry_client import RegistryClient
    from wheelyard_cli.remote_check import ask
    from wheelyard_cli.workspace import exclude_newer, require_one_fleet

    require_one_fleet(options)
    with RegistryClient(options.registry) as registry:
        return ask(
            registry, options.stage, question, exclude_newer=exclude_newer(options), time_limit=options.time_limit
        )


def _repository(candidate: tuple[str, ...], fleet: Path | None) -> Repository:
    """What CI has checked out, and the file where findings belong that stand on no line."""
    from wheelyard_cli.report_formats.places import Repository

    root = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR") or Path.cwd()
    own = Path(candidate[0]) / "pyproject.toml" if candidate else fleet
    if own is None or not own.is_file():
        own = fleet or Path("pyproject.toml")
    return Repository(Path(root), own)
