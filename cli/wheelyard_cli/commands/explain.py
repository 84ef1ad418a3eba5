"""``wheelyard explain``: why models cannot be installed together."""

from __future__ import annotations

import json

import click

from wheelyard_cli.format_option import format_option
from wheelyard_cli.workspace import Options, open_workspace, options
from wheelyard_resolver.errors import InputError


@click.command(name="explain")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@options
@format_option
@click.pass_context
def command(context: click.Context, *, models: tuple[str, ...], options: Options, form: str) -> None:
    """Say why models of the fleet cannot be installed together, or that they can.

    A MODEL is a name of the fleet, or NAME@SLOT. Exit code 1 if they cannot.

    \b
    Example:
      wheelyard explain demand-forecast churn-score --fleet fleet.toml
    """
    from wheelyard_resolver import finding_text
    from wheelyard_resolver.clash import why_apart
    from wheelyard_resolver.verdict import Engine
    from wheelyard_resolver.wording import action, sentence

    with open_workspace(options) as work:
        chosen = []
        for key in dict.fromkeys(models):
            model = work.fleet.model(key)
            if model is None:
                known = ", ".join(sorted(known.key for known in work.fleet.models))
                raise InputError(f"the fleet has no model {key}", hint=f"it has {known}")
            chosen.append(model)
        targets = sorted({model.target for model in chosen}, key=str)
        if len(targets) > 1:
            raise InputError(
                f"these models run on different targets ({', '.join(map(str, targets))}), which never share a base",
                hint="ask about models of one target",
            )
        engine = Engine.for_fleet(work.index, work.fleet, targets[0], memo=work.memo)
        reasons = why_apart(engine, chosen)
    if form == "json":
        document = {
            "schema": "wheelyard/explain/1",
            "models": [model.key for model in chosen],
            "together": not reasons,
            "reasons": [sentence(found) for found, _ in reasons],
            "hints": [action(hint) for _, hints in reasons for hint in hints],
        }
        click.echo(json.dumps(document, indent=2))
    else:
        for found, hints in reasons:
            click.echo("\n".join(finding_text.explanation(found, hints)))
        if not reasons:
            names = ", ".join(model.key for model in chosen)
            click.echo(f"{names}: can be installed {'together ' if len(chosen) > 1 else ''}on {engine.target}")
    if reasons:
        context.exit(1)
