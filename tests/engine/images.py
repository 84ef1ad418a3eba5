"""What an image that was built consists of, and what it does."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from gzip import GzipFile
from pathlib import Path
from typing import IO, cast

from tests.engine.conftest import Engine

from wheelyard_cli.building.images import Image, read

_PIECE = 1 << 20


def image_of(directory: Path, name: str) -> Image:
    """The image of a base or model of a proposal that was built."""
    return next(image for image in read(directory) if image.name == name)


def predict(engine: Engine, image: str, code: str) -> str:
    """What a container of an image prints."""
    if engine.has_daemon:
        network = "none" if engine.name in {"docker", "buildx"} else "host"  # the others have no bridge
        strictly = ("--network", network, "--read-only", "--tmpfs", "/tmp")  # tensorflow needs a place for such files
        done = engine.run("docker", "run", "--rm", *strictly, image, "python", "-c", code)
    else:
        container = engine.run("buildah", "from", "--pull-never", image).stdout.strip()
        done = engine.run("buildah", "run", "--isolation", "chroot", container, "--", "python", "-c", code)
        engine.run("buildah", "rm", container)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def remove(engine: Engine, image: str) -> None:
    """Give back the disk that an image and what was kept for its builds take."""
    if engine.has_daemon:
        engine.run("docker", "image", "rm", "--force", image)
        engine.run("docker", "builder", "prune", "--all", "--force")
    else:
        engine.run("buildah", "rmi", "--force", image)
        engine.run("buildah", "prune", "--force")


def layers(engine: Engine, image: str) -> list[str]:
    """The digests of the uncompressed layers of an image, the lowest first."""
    inspect = ["docker", "image", "inspect"] if engine.has_daemon else ["buildah", "inspect", "--type", "image"]
    done = engine.run(*inspect, image)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    digests = found[0]["RootFS"]["Layers"] if engine.has_daemon else found["OCIv1"]["rootfs"]["diff_ids"]
    assert isinstance(digests, list)
    return digests


def parts(engine: Engine, image: str, folder: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Everything an image consists of, by file name: layers (decompressed), configuration, manifest."""
    archive = folder / "saved.tar"
    archive.unlink(missing_ok=True)
    if engine.has_daemon:
        done = engine.run("docker", "save", "-o", str(archive), image)
    else:
        done = engine.run("skopeo", "copy", "-q", f"containers-storage:localhost/{image}", f"docker-archive:{archive}")
    assert done.returncode == 0, done.stderr
    with tarfile.open(archive) as tar:
        for member in tar:
            data = tar.extractfile(member) if member.isfile() or member.issym() else None  # an equal layer is a link
            if data is not None:
                compressed = data.read(2) == b"\x1f\x8b"
                data.seek(0)
                yield member.name, cast("IO[bytes]", GzipFile(fileobj=data)) if compressed else data
    archive.unlink()


def blobs(engine: Engine, image: str, folder: Path) -> dict[str, bytes]:
    """The parts of a small image."""
    return {name: data.read() for name, data in parts(engine, image, folder)}


def holds(data: IO[bytes], text: bytes) -> bool:
    """Whether a part has this text in it, however large the part is."""
    before = b""
    while piece := data.read(_PIECE):
        if text in before + piece:
            return True
        before = piece[-len(text) :]
    return False


def contents(engine: Engine, image: str, folder: Path) -> list[list[tuple[object, ...]]]:
    """What the layers of an image hold, the lowest first: each entry with its owner, mode, time and hash, by name."""
    everything = blobs(engine, image, folder)
    manifest = json.loads(everything["manifest.json"])[0]
    return [
        sorted(
            (each.name, each.type, each.mode, each.uid, each.gid, each.mtime, _hash(tar, each), each.linkname)
            for each in tar
        )
        for tar in (tarfile.open(fileobj=io.BytesIO(everything[layer])) for layer in manifest["Layers"])
    ]


def _hash(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = tar.extractfile(member) if member.isfile() else None
    return "" if file is None else hashlib.sha256(file.read()).hexdigest()
