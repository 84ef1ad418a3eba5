"""``wheelyard bases build``: the images of a proposal, built."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import click

from wheelyard_cli.building.builders import KINDS, BuildOptions, Kind, choose
from wheelyard_cli.building.images import Image, read, record
from wheelyard_cli.images.dockerfile import EPOCH
from wheelyard_resolver.errors import InputError


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--builder", type=click.Choice(KINDS), help="What builds [default: the first that is there].")
@click.option("--index-url", metavar="URL", help="Install from this index [default: the one locked from].")
@click.option(
    "--netrc",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    envvar="NETRC",
    show_envvar=True,
    help="Logins of the index: a secret of the build, in no layer.",
)
@click.option("--from", "python_image", metavar="IMAGE", help="Start bases from this image instead.")
@click.option("--network", metavar="MODE", help="Network of the build; host for an index on this machine.")
@click.option(
    "--only", multiple=True, metavar="NAME", help="This base or model, and the base it is on. May be repeated."
)
@click.option("--jobs", default=2, show_default=True, type=click.IntRange(1), help="Images built at a time.")
@click.option("--push", is_flag=True, help="Push each image, and record its digest.")
@click.option("--no-cache", is_flag=True, help="Build every layer anew.")
def build(
    *,
    directory: Path,
    builder: Kind | None,
    index_url: str | None,
    netrc: Path | None,
    python_image: str | None,
    network: str | None,
    only: tuple[str, ...],
    jobs: int,
    push: bool,
    no_cache: bool,
) -> None:
    """Build the images of the proposal in DIRECTORY with docker, podman or buildah.

    What identifies each image is written into images.json, once all are built; where one fails, nothing is. Prints a
    line for each image, to deploy by: NAME and reference. Exit code 1 if an image cannot be built.

    \b
    Example:
      wheelyard bases build out --push
    """
    from wheelyard_cli.building.causes import BuildFailed
    from wheelyard_cli.building.images import local_wheels
    from wheelyard_cli.building.run import build_all

    if index_url is not None and urlsplit(index_url).password:
        raise InputError(
            "a login in --index-url would stay in the image's history", hint="give it in a file with --netrc"
        )
    images = _chosen(read(directory), only)
    arguments = {"INDEX_URL": index_url, "PYTHON_IMAGE": python_image, "WHEELS": local_wheels(directory)}
    options = BuildOptions(
        directory=directory,
        epoch=int(EPOCH.timestamp()),
        arguments={name: value for name, value in arguments.items() if value is not None},
        netrc=netrc,
        network=network,
        push=push,
        cache=not no_cache,
    )
    try:
        built = build_all(images, choose(builder), options, jobs=jobs, report=lambda line: click.echo(line, err=True))
    except BuildFailed as failure:
        for line in failure.tail:
            click.echo(f"  | {line}", err=True)
        raise
    record(directory, built)
    for image in images:
        click.echo(f"{image.name} {built[image.name].reference}")


def _chosen(images: tuple[Image, ...], only: tuple[str, ...]) -> list[Image]:
    if not only:
        return list(images)
    by_name = {image.name: image for image in images}
    if unknown := sorted(set(only) - by_name.keys()):
        raise InputError(f"there is no image {unknown[0]}", hint=f"there are {', '.join(by_name)}")
    wanted = {*only, *(base for name in only if (base := by_name[name].base) is not None)}
    return [image for image in images if image.name in wanted]
