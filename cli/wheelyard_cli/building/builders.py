"""How docker, podman and buildah are called to build one image, and asked what came out.

Sources: the manual pages docker-build(1), docker-buildx-build(1), podman-build(1), buildah-build(1).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from wheelyard_cli.building.images import Image
from wheelyard_resolver.errors import InputError

Kind = Literal["buildx", "docker", "podman", "buildah"]
KINDS: tuple[Kind, ...] = ("buildx", "docker", "podman", "buildah")

Which = Callable[[str], str | None]
Try = Callable[[Sequence[str]], bool]


@dataclass(frozen=True)
class BuildOptions:
    """What every build is given: build arguments, the file with the logins, the network, and the time of layers."""

    directory: Path
    epoch: int
    arguments: Mapping[str, str]
    netrc: Path | None = None
    network: str | None = None
    push: bool = False
    cache: bool = True


@dataclass(frozen=True)
class Builder:
    """One of the builders."""

    kind: Kind

    def build(self, image: Image, options: BuildOptions, result: Path) -> list[str]:
        """The command that builds an image and puts its id (buildx: its metadata) into ``result``."""
        command = [*_PROGRAM[self.kind], *self._own(options, result), "--platform", image.platform]
        for name, value in sorted({**options.arguments, **self._time(options)}.items()):
            command += ["--build-arg", f"{name}={value}"]
        if options.netrc is not None:
            command += ["--secret", f"id=netrc,src={options.netrc}"]
        if options.network is not None:
            command += ["--network", options.network]
        if not options.cache:
            command.append("--no-cache")
        return [*command, "-t", image.tag, "-f", str(options.directory / image.dockerfile), str(options.directory)]

    def _time(self, options: BuildOptions) -> dict[str, str]:
        """BuildKit dates an image by this argument, and only if it is given: the Dockerfile's default dates layers."""
        return {"SOURCE_DATE_EPOCH": str(options.epoch)} if self.kind in {"buildx", "docker"} else {}

    def push(self, image: Image, result: Path) -> list[str] | None:
        """The command that pushes an image and puts its digest into ``result``; None where building pushes."""
        if self.kind == "buildx":
            return None
        if self.kind == "docker":
            return ["docker", "push", image.tag]
        return [self.kind, "push", "--digestfile", str(result), image.tag]

    def pushed_digest(self, image: Image) -> list[str] | None:
        """The command that prints ``NAME@DIGEST`` of a pushed image; None where it was put into a file."""
        if self.kind == "docker":
            return ["docker", "image", "inspect", "--format", "{{index .RepoDigests 0}}", image.tag]
        return None

    def _own(self, options: BuildOptions, result: Path) -> list[str]:
        if self.kind == "buildx":
            done = "--push" if options.push else "--load"
            return ["--progress", "plain", done, "--metadata-file", str(result)]
        if self.kind == "docker":
            return ["--progress", "plain", "--iidfile", str(result)]
        return ["--layers", "--timestamp", str(options.epoch), "--iidfile", str(result)]


_PROGRAM: dict[Kind, list[str]] = {
    "buildx": ["docker", "buildx", "build"],
    "docker": ["docker", "build"],
    "podman": ["podman", "build"],
    "buildah": ["buildah", "build"],
}
_PROBE: dict[Kind, list[str]] = {
    # What needs the engine itself, not only its client.
    "buildx": ["docker", "buildx", "inspect"],
    "docker": ["docker", "version"],
    "podman": ["podman", "version"],
    "buildah": ["buildah", "version"],
}


def succeeds(command: Sequence[str]) -> bool:
    """Whether a command ends well; what it says is not shown."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def choose(wanted: Kind | None, *, which: Which = shutil.which, works: Try = succeeds) -> Builder:
    """The builder that is asked for, else the first that is there and answers.

    Raises:
        InputError: none is there, or the one asked for does not answer.
    """
    for kind in (wanted,) if wanted is not None else KINDS:
        if which(_PROBE[kind][0]) is not None and works(_PROBE[kind]):
            return Builder(kind)
    if wanted is not None:
        raise InputError(
            f"{wanted} is not there, or does not answer", hint=f"see what `{' '.join(_PROBE[wanted])}` says"
        )
    raise InputError(
        "there is nothing to build images with",
        hint="install buildah or podman, or start a Docker Engine; the Dockerfiles build elsewhere too",
    )
