"""How images are to be built, as far as a team decides it: the same for every base of a proposal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wheelyard_resolver.errors import InputError

Installer = Literal["pip", "uv"]

UV_IMAGE = "ghcr.io/astral-sh/uv:0.9"
"""Where uv is taken from while an image is built; it does not stay in the image."""

_WORD = re.compile(r"[^\s'\"\\$]+")
_USER = re.compile(r"(?P<uid>[1-9][0-9]*)(:(?P<gid>[1-9][0-9]*))?")
_LABEL = re.compile(r"[a-z0-9]+([._-]+[a-z0-9]+)*")
_PREFIX = re.compile(r"[a-z0-9]+([._:/-]+[a-z0-9]+)*")
_OWN_LABELS = ("org.opencontainers.image.base.", "io.wheelyard.")


@dataclass(frozen=True)
class ImageSettings:
    """What a team decides. ``python_image`` None stands for the official image of the target's Python.

    ``prefix`` is put before the names of images, with a slash (``registry.example/ml``); ``user`` is ``UID[:GID]``;
    ``source`` is the URL of the repository that the proposal is kept in; ``templates`` is a directory of Jinja
    templates that come before our own.
    """

    installer: Installer = "pip"
    python_image: str | None = None
    uv_image: str = UV_IMAGE
    prefix: str = ""
    user: str = "10001"
    labels: tuple[tuple[str, str], ...] = ()
    source: str | None = None
    system_packages: tuple[str, ...] = ()
    templates: Path | None = None

    def __post_init__(self) -> None:
        for image in (self.python_image or "python", self.uv_image):
            if not _WORD.fullmatch(image):
                raise InputError(f"{image!r} is not the name of an image", hint="write NAME:TAG or NAME:TAG@sha256:...")
        for package in self.system_packages:
            if not _WORD.fullmatch(package) or package.startswith("-"):
                raise InputError(f"{package!r} is not the name of a system package", hint="for instance libgomp1")
        if not _USER.fullmatch(self.user):
            raise InputError(f"{self.user!r} is not a user of an image", hint="write UID or UID:GID, neither of them 0")
        if self.prefix and not _PREFIX.fullmatch(self.prefix):
            raise InputError(f"{self.prefix!r} cannot begin an image's name", hint="for instance registry.example/ml")
        for key, _ in self.labels:
            if not _LABEL.fullmatch(key) or key.startswith(_OWN_LABELS):
                raise InputError(f"{key!r} cannot be a label of yours", hint="for instance com.example.team=platform")

    @property
    def uid(self) -> str:
        """The user's number."""
        return self.user.partition(":")[0]

    @property
    def gid(self) -> str:
        """The group's number: the user's, unless it has one of its own."""
        return self.user.partition(":")[2] or self.uid
