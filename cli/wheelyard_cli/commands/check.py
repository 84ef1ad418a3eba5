"""``wheelyard check``: a fleet on its own, or whether a candidate can join it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

from wheelyard_cli.workspace import Options, Workspace, open_workspace, options
from wheelyard_resolver.errors import InputError, NotProved

if TYPE_CHECKING:
    from wheelyard_resolver.model import Fleet, ModelPackage


_Judgement: TypeAlias = tuple[Callable[[], dict[str, object]], Callable[[], Iterator[str]], int]
"""The findings as a document and as text, of which one is made, and the exit code."""


@click.command(name="check")
@click.argument("candidate", nargs=-1, metavar="[DIRECTORY | REQUIREMENT...]")
@options
@click.option("--allow-unplaceable", multiple=True, metavar="NAME", help="A model that may be without a base.")
@click.option("--every-conflict", is_flag=True, help="Tell each conflict of the fleet, not only what they are about.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    *,
    candidate: tuple[str, ...],
    options: Options,
    allow_unplaceable: tuple[str, ...],
    every_conflict: bool,
    form: str,
) -> None:
    """Check a fleet, or whether a candidate can join it.

    Without a candidate: which models conflict, which cannot be installed at all, and whether the fleet needs
    more bases than its max-bases. With a candidate, a project directory or the requirements of one: which of the
    accepted bases it can join (or, if none are accepted, which of the groups proposed), and why not the others.
    """
    with open_workspace(options) as work:
        if candidate:
            document, lines, code = _judge_candidate(work, _candidate(candidate, work.fleet))
        else:
            document, lines, code = _judge_fleet(work, allow_unplaceable, every_conflict=every_conflict)
        click.echo(json.dumps(document(), indent=2) if form == "json" else "\n".join(lines()))
    if code == NotProved.exit_code:
        raise NotProved(
            "whether the fleet fits in max-bases was not proved in time", hint="give more time with --time-limit"
        )
    context.exit(code)


# -- the fleet on its own -------------------------------------------------------------------------------------


def _judge_fleet(work: Workspace, allowed: Sequence[str], *, every_conflict: bool) -> _Judgement:
    from wheelyard_cli import check_document, check_text
    from wheelyard_resolver.fleet_check import check_fleet
    from wheelyard_resolver.plan import plan

    found = check_fleet(work.fleet, plan(work.fleet, work.index, work.out_of_time, work.memo), allowed)
    code = 1 if found.failed else 0 if found.proved else NotProved.exit_code
    return (
        lambda: check_document.fleet(found, work.index.digest()),
        lambda: check_text.fleet(found, every_conflict=every_conflict),
        code,
    )


# -- a candidate ----------------------------------------------------------------------------------------------


def _candidate(given: tuple[str, ...], fleet: Fleet) -> ModelPackage:
    from packaging.utils import canonicalize_name
    from packaging.version import Version

    from wheelyard_cli.project_directory import read_project
    from wheelyard_cli.requirement_lines import lines_of_model, requirements_given
    from wheelyard_resolver.model import ModelPackage

    directories = [text for text in given if Path(text).is_dir() or ("/" in text and "@" not in text)]
    if directories and len(given) > 1:
        raise InputError(f"{directories[0]} is a project directory: it is a candidate on its own")
    if directories:
        project = read_project(Path(directories[0]))
        replaced = fleet.model(project.name)
        target = replaced.target if replaced is not None else fleet.target
        lines = lines_of_model(project.requirements_for(target), model=project.name)
        return ModelPackage(project.name, project.version, target, lines, requires_python=project.requires_python)
    lines = requirements_given(given, model="candidate", target=fleet.target)
    return ModelPackage(canonicalize_name("candidate"), Version("0"), fleet.target, lines)


def _judge_candidate(work: Workspace, candidate: ModelPackage) -> _Judgement:
    from wheelyard_cli import check_document, check_text
    from wheelyard_resolver.hints import find_hints
    from wheelyard_resolver.join import joinings
    from wheelyard_resolver.plan import why_unplaceable
    from wheelyard_resolver.verdict import Engine, MinimalConflict

    engine = Engine.for_fleet(work.index, work.fleet, candidate.target, [candidate], work.memo)
    unplaceable = why_unplaceable(engine, candidate)
    misfit = None
    if unplaceable is not None:
        conflict = MinimalConflict((candidate.key,), unplaceable.lines)
        misfit = (unplaceable, find_hints(engine, conflict, unplaceable.explanation, [candidate]))
    kind, bases = ("accepted", []) if misfit is not None else _bases(work, candidate)
    found = joinings(engine, candidate, bases)
    joinable = any(joining.refusal is None for joining in found)
    return (
        lambda: check_document.candidate(work.fleet, work.index.digest(), candidate, found, kind, misfit),
        lambda: check_text.candidate(candidate, found, kind, misfit),
        0 if joinable else 1,
    )


def _bases(work: Workspace, candidate: ModelPackage) -> tuple[str, list[tuple[str, Sequence[ModelPackage]]]]:
    """The bases of the candidate's target by name: those accepted, or without any those that would be proposed."""
    from wheelyard_resolver.plan import plan_target
    from wheelyard_resolver.propose import base_names

    if any(not base.fixed for base in work.fleet.bases):
        models = {model.key: model for model in work.fleet.models if model.target == candidate.target}
        accepted = [
            (base.name, [models[key] for key in base.models if key in models])
            for base in work.fleet.bases
            if not base.fixed
        ]
        return "accepted", [(name, members) for name, members in accepted if members]
    groups = plan_target(work.fleet, work.index, candidate.target, work.out_of_time, work.memo).groups()
    return "proposed", list(zip(base_names(), groups, strict=False))
