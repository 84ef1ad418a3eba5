"""Build images in parallel, each base before the models on it; all of them, or nothing is recorded."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from wheelyard_cli.building.builders import Builder, BuildOptions
from wheelyard_cli.building.causes import BuildFailed, Cause, cause_of, cause_of_push
from wheelyard_cli.building.images import Image

_TAIL = 20

Report = Callable[[str], None]


@dataclass(frozen=True)
class Output:
    """How a command ended, and everything that it wrote."""

    code: int
    text: str


Execute = Callable[[Sequence[str]], Output]


def execute(command: Sequence[str]) -> Output:
    """Run a command; docker's classic client builds with BuildKit, and none adds an attestation with the time to it."""
    try:
        done = subprocess.run(
            ["env", "DOCKER_BUILDKIT=1", "BUILDX_NO_DEFAULT_ATTESTATIONS=1", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        return Output(127, str(error))
    return Output(done.returncode, done.stdout)


def build_all(
    images: Sequence[Image],
    builder: Builder,
    options: BuildOptions,
    *,
    jobs: int,
    report: Report,
    execute: Execute = execute,
) -> Mapping[str, Image]:
    """Build images, and push them where the options say so; what identifies each is in the answer, by name.

    Raises:
        BuildFailed: one could not be built or pushed. What had begun by then was brought to its end, no more.
    """
    built: dict[str, Image] = {}
    todo = list(images)
    running: dict[Future[Image], Image] = {}
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        while todo or running:
            for image in list(_ready(todo, images, built)):
                todo.remove(image)
                running[pool.submit(_build, image, builder, options, report, execute)] = image
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            try:
                for future in done:
                    del running[future]
                    image = future.result()
                    built[image.name] = image
            except BuildFailed:
                for future in running:
                    future.cancel()
                raise
    return built


def _ready(todo: Sequence[Image], images: Sequence[Image], built: Mapping[str, Image]) -> Iterator[Image]:
    names = {image.name for image in images}
    return (image for image in todo if image.base is None or image.base not in names or image.base in built)


def _build(image: Image, builder: Builder, options: BuildOptions, report: Report, execute: Execute) -> Image:
    started = time.monotonic()
    report(f"{image.name}: building {image.tag}")
    with tempfile.TemporaryDirectory(prefix="wheelyard-build-") as directory:
        result = Path(directory, "result")
        _run(image, builder.build(image, options, result), execute, partial(cause_of, login=options.netrc is not None))
        found = _identified(image, result.read_text(), pushed=options.push)
        if options.push:
            found = _pushed(found, builder, Path(directory, "digest"), execute)
    report(f"{image.name}: {'pushed' if options.push else 'built'} in {time.monotonic() - started:.0f} s, {found.id}")
    return found


def _run(image: Image, command: Sequence[str], execute: Execute, cause_of: Callable[[str], Cause]) -> str:
    output = execute(command)
    if output.code != 0:
        tail = output.text.rstrip().splitlines()[-_TAIL:]
        raise BuildFailed(image=image.name, cause=cause_of(output.text), tail=tail)
    return output.text


def _identified(image: Image, result: str, *, pushed: bool) -> Image:
    """The image with what its builder put into the result file: an id, or buildx's metadata."""
    if not result.lstrip().startswith("{"):
        return replace(image, id=_digest(result), digest=None)
    metadata = json.loads(result)
    manifest = metadata["containerimage.digest"]
    return replace(
        image, id=metadata.get("containerimage.config.digest", manifest), digest=manifest if pushed else None
    )


def _digest(text: str) -> str:
    digest = text.strip()
    return digest if digest.startswith("sha256:") else f"sha256:{digest}"


def _pushed(image: Image, builder: Builder, result: Path, execute: Execute) -> Image:
    command = builder.push(image, result)
    if command is None:  # buildx pushed while it built: its metadata name the manifest
        return image
    _run(image, command, execute, cause_of_push)
    asked = builder.pushed_digest(image)
    text = result.read_text() if asked is None else _run(image, asked, execute, cause_of_push).partition("@")[2]
    if not text.strip().startswith("sha256:"):
        cause = Cause("its registry did not say its digest", f"see `{' '.join(asked or command)}`", of_push=True)
        raise BuildFailed(image=image.name, cause=cause, tail=[text.strip()])
    return replace(image, digest=text.strip())
