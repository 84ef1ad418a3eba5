"""The options that say how images are to be built; their names and meaning are a contract."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from wheelyard_cli.images.settings import UV_IMAGE, ImageSettings
from wheelyard_resolver.errors import InputError

_OPTIONS = (
    click.option(
        "--installer", type=click.Choice(["pip", "uv"]), default="pip", show_default=True, help="What installs wheels."
    ),
    click.option(
        "--from",
        "python_image",
        metavar="IMAGE",
        help="Image that bases start from, best NAME:TAG@sha256:... [default: python:X.Y-slim, -alpine for musl].",
    ),
    click.option(
        "--uv-image", metavar="IMAGE", default=UV_IMAGE, show_default=True, help="With --installer uv: where uv is."
    ),
    click.option("--prefix", metavar="NAME", default="", help="Before the names of images: registry.example/ml."),
    click.option("--user", metavar="UID[:GID]", default="10001", show_default=True, help="Whom images run as."),
    click.option(
        "--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label of all images. May be repeated."
    ),
    click.option("--source", metavar="URL", help="Where the proposal is kept: the label image.source."),
    click.option(
        "--system-package",
        "system_packages",
        multiple=True,
        metavar="NAME",
        help="From apt, or apk on Alpine. May be repeated.",
    ),
    click.option(
        "--templates",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        help="Jinja templates that come before our own.",
    ),
)


def image_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of images, handed over as one :class:`ImageSettings` named ``images``."""

    @wraps(command)
    def with_options(**given: Any) -> None:
        values = {name: given.pop(name) for name in ImageSettings.__dataclass_fields__}
        values["labels"] = tuple(_label(text) for text in values["labels"])
        command(images=ImageSettings(**values), **given)

    for option in reversed(_OPTIONS):
        with_options = option(with_options)
    return with_options


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is not a label", hint="write it as KEY=VALUE")
    return key, value
