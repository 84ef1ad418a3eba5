"""``wheelyard wheels``: wheels of what its authors publish as source only."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_cli.commands.deploy import parse_release
from wheelyard_cli.registry_address import RegistryAddress, usual_registry
from wheelyard_cli.registry_client import RegistryClient
from wheelyard_cli.routing import DEFAULT_INDEX, Routing
from wheelyard_resolver.errors import InputError, WheelyardError
from wheelyard_resolver.target import Target

if TYPE_CHECKING:
    from wheelyard_resolver.page import DistributionFile

_TARGET = re.compile(r"cp(?P<major>\d)(?P<minor>\d+)-(?P<platform>[A-Za-z0-9_]+)")


@click.group(name="wheels")
def command() -> None:
    """Build wheels of projects that publish source distributions only."""


@command.command()
@click.argument("release", metavar="NAME==VERSION")
@click.option("--target", required=True, metavar="TARGET", help="What it must install on: cp311-manylinux_2_28_x86_64.")
@click.option(
    "--registry",
    "named",
    metavar="URL",
    help="Upload the wheel to this registry [default, without -o: that of WHEELYARD_REGISTRY, wheelyard.toml or "
    "pyproject.toml].",
)
@click.option("--index-url", metavar="URL", help="Where the source is [default: the registry's index, else PyPI].")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Put the wheel here instead of uploading it.",
)
def build(*, release: str, target: str, named: str | None, index_url: str | None, output: Path | None) -> None:
    """Build the source distribution of a release once, and upload the wheel.

    The build runs in an environment of its own, and runs the code of the project: build only what you would install.
    The wheel holds a record of how it was built, and has the source's upload time. A project that the registry takes
    from upstream needs `wheelyard project overlay` first. Exit code 1 if it cannot be built, or not for the target.

    \b
    Example:
      wheelyard wheels build pyspark==3.5.9 --target cp311-manylinux_2_28_x86_64
    """
    from wheelyard_cli.wheel_building.build_record import embed
    from wheelyard_cli.wheel_building.isolated import build_wheel

    project, version = _release(release)
    wanted = _target(target)
    if named is not None and output is not None:
        raise InputError("the wheel needs one place to go to", hint="give --registry URL, or -o DIRECTORY")
    registry = RegistryAddress(named) if named is not None else None
    if registry is None and output is None:
        registry = usual_registry("-o DIRECTORY, ")
    with tempfile.TemporaryDirectory(prefix="wheelyard-wheel-") as directory:
        work = Path(directory)
        index = index_url or (f"{registry.url.rstrip('/')}/simple/" if registry else DEFAULT_INDEX)
        sdist, path = _fetched(project, version, index, registry, work)
        age = sdist.upload_time or dt.datetime.fromtimestamp(315532800, dt.timezone.utc)
        click.echo(f"building {sdist.filename}", err=True)
        wheel = build_wheel(path, work, epoch=int(age.timestamp()), index_url=index_url)
        _check_target(wheel, wanted)
        embed(wheel, project, version, sdist, int(age.timestamp()))
        if output is not None:
            output.mkdir(parents=True, exist_ok=True)
            click.echo(shutil.move(wheel, output / wheel.name))
            return
        assert registry is not None
        with RegistryClient(registry) as client:
            new = client.import_file(project, wheel, uploaded_at=age)
        click.echo(f"{wheel.name} {'uploaded' if new else 'is there already'}")


def _release(text: str) -> tuple[NormalizedName, Version]:
    name, version = parse_release(text)
    try:
        return canonicalize_name(name), Version(version)
    except InvalidVersion as error:
        raise InputError(f"{version!r} is not a version", hint="write it as NAME==VERSION") from error


def _target(text: str) -> Target:
    found = _TARGET.fullmatch(text)
    if found is None:
        raise InputError(f"{text!r} is not a target", hint="write it like cp311-manylinux_2_28_x86_64")
    return Target.parse(f"{found['major']}.{found['minor']}", found["platform"])


def _fetched(
    project: NormalizedName, version: Version, index_url: str, registry: RegistryAddress | None, directory: Path
) -> tuple[DistributionFile, Path]:
    from wheelyard_cli.simple_client import SimpleClient
    from wheelyard_cli.transfer import Transfer
    from wheelyard_cli.wheel_building.source import fetch, find_sdist

    routing = Routing(index_url, ())
    tokens = registry.tokens(os.environ) if registry is not None else {}
    transfer = Transfer(routing.urls(), tokens=tokens)
    with SimpleClient(routing, transfer=transfer) as index:
        sdist = find_sdist(index, project, version)
        return sdist, fetch(transfer, sdist, directory)


def _check_target(wheel: Path, target: Target) -> None:
    from packaging.utils import parse_wheel_filename

    _, _, _, tags = parse_wheel_filename(wheel.name)
    if not any(tag in target.tags for tag in tags):
        raise WrongTarget(wheel=wheel.name, target=target)


class WrongTarget(WheelyardError):
    """A wheel was built that does not install on the target."""

    exit_code = 1

    def __init__(self, *, wheel: str, target: Target) -> None:
        super().__init__(
            f"{wheel} was built, which does not install on {target}",
            hint="build it with the target's Python on its platform; for manylinux tags, repair it with auditwheel",
        )
