"""``images.json``: the images of a proposal, and after a build what identifies each of them.

A base is built before the models on it. ``id`` is the digest of an image's configuration; ``digest`` is that of its
manifest in the registry that it was pushed to, which deployments refer to as ``NAME@DIGEST``.

Sources: OCI image specification.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from wheelyard_cli.images.file_names import IMAGES
from wheelyard_resolver.errors import InputError

SCHEMA = "wheelyard/images/1"


@dataclass(frozen=True)
class Image:
    """An image: its name among those of the proposal, its Dockerfile, its tag, and the name of the base it is on."""

    name: str
    dockerfile: str
    tag: str
    platform: str
    base: str | None = None
    id: str | None = None
    digest: str | None = None

    @property
    def reference(self) -> str:
        """What to deploy: by digest where there is one."""
        return f"{self.tag.rpartition(':')[0]}@{self.digest}" if self.digest else self.tag


def to_text(images: Iterable[Image]) -> str:
    """The text of the file."""
    document = {"schema": SCHEMA, "images": [asdict(image) for image in images]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def read(directory: Path) -> tuple[Image, ...]:
    """The images of the proposal in a directory.

    Raises:
        InputError: there is no such file, or it is not one of ours.
    """
    path = directory / IMAGES
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(
            f"there are no images to build in {directory}",
            hint="name what `wheelyard bases propose -o` wrote to, with a base for Linux",
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(f"it cannot be read: {error}", where=str(path)) from error
    try:
        if document["schema"] != SCHEMA:
            raise ValueError(f"its schema is {document['schema']!r}")
        return tuple(Image(**entry) for entry in document["images"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"it is not a list of images: {error}", where=str(path), hint="propose anew with this wheelyard"
        ) from error


def record(directory: Path, built: Mapping[str, Image]) -> None:
    """Write what was built back into the file, whole or not at all; other images stay as they are.

    Raises:
        InputError: the file cannot be written; it is as it was.
    """
    text = to_text(built.get(image.name, image) for image in read(directory))
    try:
        # Within the directory itself, so that the rename never crosses file systems.
        with tempfile.TemporaryDirectory(prefix=".wheelyard-", dir=directory) as staging:
            staged = Path(staging, IMAGES)
            staged.write_text(text, encoding="utf-8")
            staged.replace(directory / IMAGES)
    except OSError as error:
        raise InputError(
            f"{directory / IMAGES} cannot be written: {error.strerror}",
            hint="make room, then build again: it is cached",
        ) from error


def local_wheels(directory: Path) -> str | None:
    """The digest of what ``wheels/`` holds, from which models are installed that no index has; None without it."""
    wheels = sorted((directory / "wheels").glob("*.whl"))
    if not wheels:
        return None
    digest = hashlib.sha256()
    for wheel in wheels:
        digest.update(f"{wheel.name} {hashlib.sha256(wheel.read_bytes()).hexdigest()}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def results(directory: Path) -> dict[tuple[str, str], Image]:
    """The images of a directory that were built, by tag and the text of their Dockerfile; none without the file."""
    if not (directory / IMAGES).exists():
        return {}
    return {(image.tag, _dockerfile(directory, image)): image for image in read(directory) if image.id is not None}


def take_over(directory: Path, earlier: Mapping[tuple[str, str], Image]) -> None:
    """Write into a directory's file what is known of images that would come out the same again."""
    images = read(directory) if (directory / IMAGES).exists() else ()
    found = {image.name: earlier.get((image.tag, _dockerfile(directory, image))) for image in images}
    known = {name: image for name, image in found.items() if image is not None}
    if known:
        record(directory, known)


def _dockerfile(directory: Path, image: Image) -> str:
    path = directory / image.dockerfile
    return path.read_text(encoding="utf-8") if path.is_file() else ""
