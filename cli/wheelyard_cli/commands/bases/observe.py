"""``wheelyard bases observe``: what no metadata says, but an import did."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--fleet", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The fleet file.")
@click.option("--model", required=True, metavar="NAME[@SLOT]", help="The model that fails to import.")
@click.option("--requires", required=True, metavar="REQUIREMENT", help="What it was seen to need: 'numpy<2'.")
@click.option("--because", required=True, metavar="TEXT", help="What was seen: the error of the import.")
def observe(*, fleet: Path, model: str, requires: str, because: str) -> None:
    """Record an observed conflict: a model that installs beside something, and does not work with it.

    Adds an [[observed]] table to the fleet file. Proposals and checks keep to it as to a line of the model's own, say
    where it matters that it was observed, and call nothing proved that rests on it without saying so.

    \b
    Example:
      wheelyard bases observe --fleet fleet.toml --model churn --requires 'numpy<2' --because ImportError
    """
    from wheelyard_cli.fleet_addition import add_table

    add_table(fleet, "observed", {"model": model, "requires": requires, "because": because})
    click.echo(f"recorded in {fleet}: {model} was seen to need {requires}")
