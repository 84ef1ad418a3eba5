"""``wheelyard bases import-freeze``: a platform runtime as a fixed base of a fleet file."""

from __future__ import annotations

from pathlib import Path

import click

from wheelyard_resolver.errors import InputError


@click.command(name="import-freeze")
@click.argument("freeze", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--name", required=True, help="What the base is called: databricks-15-4.")
@click.option("--fleet", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The fleet file.")
@click.option("--model", "models", multiple=True, metavar="NAME", help="A model that runs on it. May be repeated.")
def import_freeze(*, freeze: Path, name: str, fleet: Path, models: tuple[str, ...]) -> None:
    """Add a fixed base to a fleet file, from the output of `pip freeze` in the runtime.

    Writes NAME.freeze.txt beside the fleet file and a [[base]] table at its end; nothing is written if the fleet file
    would not be valid then.

    \b
    Example:
      wheelyard bases import-freeze freeze.txt --name databricks-15-4 --fleet fleet.toml
    """
    from wheelyard_cli.fleet_addition import add_table
    from wheelyard_cli.frozen import read_freeze
    from wheelyard_cli.images.file_names import dockerfile
    from wheelyard_resolver.wording import counted

    dockerfile(name)  # a name that cannot be part of a file name is refused
    frozen = read_freeze(freeze)
    lock = fleet.parent / f"{name}.freeze.txt"
    if lock.exists():
        raise InputError(f"{lock} is there already", hint="choose another --name, or remove what is no longer true")
    lock.write_text(str(frozen), encoding="utf-8")
    try:
        add_table(fleet, "base", {"name": name, "fixed": True, "lock": lock.name, "models": list(models)})
    except InputError:
        lock.unlink()
        raise
    for line in frozen.passed_by:
        click.echo(f"passed by, it pins no release: {line}", err=True)
    counts = f"{counted(len(frozen.versions), 'package')}, {counted(len(models), 'model')}"
    click.echo(f"{name}: {counts}, added to {fleet}")
