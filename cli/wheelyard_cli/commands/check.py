"""``wheelyard check``: a fleet on its own, or whether a candidate can join it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wheelyard_cli.workspace import Options, Workspace, open_workspace, options
from wheelyard_resolver.errors import InputError, NotProved

if TYPE_CHECKING:
    from wheelyard_resolver.model import Fleet, ModelPackage
    from wheelyard_resolver.propose import TargetPlan

SCHEMA = "wheelyard/check/1"


@click.command(name="check")
@click.argument("candidate", nargs=-1, metavar="[DIRECTORY | REQUIREMENT...]")
@options
@click.option("--allow-unplaceable", multiple=True, metavar="NAME", help="A model that may be without a base.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def command(
    context: click.Context,
    *,
    candidate: tuple[str, ...],
    options: Options,
    allow_unplaceable: tuple[str, ...],
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
            document, lines, code = _judge_fleet(work, allow_unplaceable)
    click.echo(json.dumps(document, indent=2) if form == "json" else "\n".join(lines))
    if code == NotProved.exit_code:
        raise NotProved(
            "whether the fleet fits in max-bases was not proved in time", hint="give more time with --time-limit"
        )
    context.exit(code)


# -- the fleet on its own -------------------------------------------------------------------------------------


def _judge_fleet(work: Workspace, allowed: Sequence[str]) -> tuple[dict[str, object], list[str], int]:
    from wheelyard_cli.verdict_text import counted
    from wheelyard_resolver.propose import plan

    plans = plan(work.fleet, work.index, work.out_of_time, work.memo)
    unplaceable = [item for target in plans for item in target.unplaceable]
    refused = [item for item in unplaceable if item.model not in allowed]
    needed = sum(target.grouping.lower_bound for target in plans)
    found = sum(len(target.grouping.groups) for target in plans)
    limit = work.fleet.max_bases
    over = limit is not None and needed > limit
    code = 1 if refused or over else NotProved.exit_code if limit is not None and found > limit else 0
    document: dict[str, object] = {
        "schema": SCHEMA,
        "fleet": work.fleet.name,
        "stage": work.fleet.stage,
        "snapshot": work.index.digest(),
        "status": {0: "ok", 1: "failed"}.get(code, "not proved"),
        "bases_needed": {"at_least": needed, "at_most": found, "max_bases": limit},
        "conflicts": [
            {
                "target": str(target.engine.target),
                "models": list(conflict.models),
                "requirements": [
                    {"model": line.model, "requirement": line.text, "origin": line.origin} for line in conflict.lines
                ],
            }
            for target in plans
            for conflict in target.conflicts
        ],
        "unplaceable": [{"model": item.model, "reason": item.reason} for item in unplaceable],
    }
    lines = list(_conflicts_text(plans))
    for item in unplaceable:
        lines.append(f"{item.model}: no environment can host it" + ("" if item in refused else " (allowed)"))
        lines.append(f"  {item.reason}")
    proved = "" if needed == found else f" (at least {needed}, proved; fewer than {found} not found)"
    verdict = f"{work.fleet.name} ({work.fleet.stage}) needs {counted(found, 'base')}{proved}"
    if limit is not None:
        verdict += f", {limit} allowed"
    lines.append(verdict)
    return document, lines, code


def _conflicts_text(plans: Sequence[TargetPlan]) -> list[str]:
    """The conflicts found on the way, by the project that they are about."""
    from wheelyard_cli.verdict_text import counted

    lines: list[str] = []
    for target in plans:
        by_project: dict[str, list[str]] = {}
        for conflict in target.conflicts:
            projects = " and ".join(sorted({line.project for line in conflict.lines}))
            said = ", ".join(f"{line.model or 'the fleet'} ({line.text})" for line in conflict.lines)
            by_project.setdefault(projects, []).append(said)
        for projects, conflicts in sorted(by_project.items()):
            lines.append(f"{projects}: {counted(len(conflicts), 'conflict')} on {target.engine.target}")
            lines += [f"  {conflict}" for conflict in conflicts]
    return lines


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


def _judge_candidate(work: Workspace, candidate: ModelPackage) -> tuple[dict[str, object], list[str], int]:
    from wheelyard_cli.verdict_text import counted, explanation
    from wheelyard_resolver.join import joinings
    from wheelyard_resolver.propose import why_unplaceable
    from wheelyard_resolver.verdict import Engine

    engine = Engine.for_fleet(work.index, work.fleet, candidate.target, [candidate], work.memo)
    unplaceable = why_unplaceable(engine, candidate)
    kind, bases = ("accepted", []) if unplaceable is not None else _bases(work, candidate)
    found = joinings(engine, candidate, bases)
    joinable = [joining for joining in found if joining.refusal is None]
    lines: list[str] = []
    if unplaceable is not None:
        lines += [f"{candidate.key} cannot be installed on {candidate.target} at all", f"  {unplaceable.reason}"]
    for joining in found:
        if joining.refusal is None:
            lines.append(f"{candidate.key} can join {joining.base} ({counted(len(joining.models), 'model')})")
        else:
            lines.append(f"{candidate.key} cannot join {joining.base} ({counted(len(joining.models), 'model')})")
            lines += explanation(joining.refusal.explanation, joining.refusal.lines)
    if unplaceable is None:
        which = f"{len(joinable)} of {counted(len(found), f'{kind} base')}"
        lines.append(f"{candidate.key} can join {which} on {candidate.target}")
    document: dict[str, object] = {
        "schema": SCHEMA,
        "fleet": work.fleet.name,
        "stage": work.fleet.stage,
        "snapshot": work.index.digest(),
        "candidate": {"name": candidate.key, "requirements": [line.text for line in candidate.lines]},
        "status": "ok" if joinable else "failed",
        "installable": unplaceable is None,
        "reason": None if unplaceable is None else unplaceable.reason,
        "bases": [
            {
                "name": joining.base,
                "kind": kind,
                "models": list(joining.models),
                "joins": joining.refusal is None,
                "conflict": None
                if joining.refusal is None
                else {
                    "models": list(joining.refusal.models),
                    "requirements": [
                        {"model": line.model, "requirement": line.text, "origin": line.origin}
                        for line in joining.refusal.lines
                    ],
                    "because": str(joining.refusal.explanation),
                    "hints": list(joining.refusal.explanation.hints),
                },
            }
            for joining in found
        ],
    }
    return document, lines, 0 if joinable else 1


def _bases(work: Workspace, candidate: ModelPackage) -> tuple[str, list[tuple[str, Sequence[ModelPackage]]]]:
    """The bases of the candidate's target by name: those accepted, or without any those that would be proposed."""
    from wheelyard_resolver.propose import base_names, plan_target

    if work.fleet.bases:
        models = {model.key: model for model in work.fleet.models if model.target == candidate.target}
        accepted = [(base.name, [models[key] for key in base.models if key in models]) for base in work.fleet.bases]
        return "accepted", [(name, members) for name, members in accepted if members]
    groups = plan_target(work.fleet, work.index, candidate.target, work.out_of_time, work.memo).groups()
    return "proposed", list(zip(base_names(), groups, strict=False))
