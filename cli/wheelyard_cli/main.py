"""The entry point: the command group, the exit codes, and the one ``except``."""

from __future__ import annotations

import sys

import click

from wheelyard_cli import __version__
from wheelyard_cli.lazy_group import LazyGroup

COMMANDS = {
    # name: (module:attribute, one line for --help)
    "audit": ("wheelyard_cli.commands.audit:command", "Read and verify the audit log of a registry."),
    "bases": ("wheelyard_cli.commands.bases:command", "Propose the fewest shared base environments for a fleet."),
    "config": ("wheelyard_cli.commands.config:command", "Show the settings in force, and where each comes from."),
    "check": ("wheelyard_cli.commands.check:command", "Check a fleet, or whether a candidate can join it."),
    "deploy": ("wheelyard_cli.commands.deploy:command", "Record, promote, retire and list what is deployed."),
    "doctor": ("wheelyard_cli.commands.doctor:command", "Examine any index: conformance, caching, confusion."),
    "explain": ("wheelyard_cli.commands.explain:command", "Say why models cannot be installed together."),
    "fleet": ("wheelyard_cli.commands.fleet:command", "Export the deployed fleet of a registry, or look back at it."),
    "import": ("wheelyard_cli.commands.import_:command", "Take an existing package directory over."),
    "kpi": ("wheelyard_cli.commands.kpi:command", "Tell the figures of the deployed fleet of a registry."),
    "mirror": ("wheelyard_cli.commands.mirror:command", "Fill the cache of a registry before it goes offline."),
    "project": ("wheelyard_cli.commands.project:command", "Yank, quarantine, delete; the status of a project."),
    "serve": ("wheelyard_cli.commands.serve:command", "Run the registry."),
    "stage": ("wheelyard_cli.commands.stage:command", "Configure the stages of a registry."),
    "token": ("wheelyard_cli.commands.token:command", "Make, list and revoke tokens of a registry."),
    "user": ("wheelyard_cli.commands.user:command", "Manage users, groups and the owners of projects."),
    "wheels": ("wheelyard_cli.commands.wheels:command", "Build wheels of projects that publish source only."),
    "who-requires": ("wheelyard_cli.commands.who_requires:command", "Tell which deployed models ask for a project."),
    "who-uses": ("wheelyard_cli.commands.who_uses:command", "Tell which deployed models and bases have a release."),
    "snapshot": ("wheelyard_cli.commands.snapshot:command", "Look into a saved snapshot."),
}


@click.group(
    cls=LazyGroup, table=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="wheelyard")
@click.pass_context
def cli(context: click.Context) -> None:
    """A private Python index, a checker of deployed models, and a planner of shared base environments.

    \b
    Exit codes: 0 fine; 1 the policy fails (conflict, unplaceable); 2 usage or input; 3 drift, only where
    asked for; 4 not proved within the time limit; 5 undecided (network, authentication, missing offline).

    \b
    Examples:
      wheelyard check . --fleet fleet.toml
      wheelyard explain demand-forecast churn-score --fleet fleet.toml
      wheelyard bases propose --fleet fleet.toml -o out
      wheelyard serve --data ./registry
    """
    if context.invoked_subcommand in ("bases", "check", "config", "explain"):
        from pathlib import Path

        from wheelyard_cli.configuration import default_map, find_configuration

        context.obj = find_configuration(Path.cwd())
        context.default_map = dict(default_map(context.obj))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the code of the contract."""
    from wheelyard_resolver.errors import WheelyardError

    try:
        code = cli.main(arguments, standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as error:
        error.show()
        code = 2
    except click.Abort:
        click.echo("interrupted", err=True)
        code = 130
    except WheelyardError as error:
        report(error)
        code = error.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def report(error: Exception) -> None:
    """Write an error for people to stderr: where, what, and what to do next; several one after another."""
    parts = getattr(error, "errors", None)
    if parts is not None:
        for part in parts:
            report(part)
        return
    where = getattr(error, "where", None)
    hint = getattr(error, "hint", None)
    click.echo(f"{click.style('error', fg='red', bold=True)}: {f'{where}: ' if where else ''}{error}", err=True)
    if hint:
        click.echo(f"{click.style('hint', fg='cyan', bold=True)}: {hint}", err=True)
