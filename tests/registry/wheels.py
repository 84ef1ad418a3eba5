"""Distribution files made in memory, right or wrong in the way a test says."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Built:
    """A distribution file in memory."""

    filename: str
    data: bytes

    @property
    def sha256(self) -> str:
        """Its digest, as an index lists it."""
        return hashlib.sha256(self.data).hexdigest()


def core_metadata(name: str, version: str, requires: Sequence[str] = (), extra: str = "") -> bytes:
    """Core metadata with the fields that matter here."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Requires-Python: >=3.8"]
    lines += [f"Requires-Dist: {line}" for line in requires]
    return ("\n".join(lines) + f"\n{extra}\n").encode()


def wheel(
    name: str = "demand_model",
    version: str = "1.4.0",
    *,
    requires: Sequence[str] = (),
    metadata: bytes | None = None,
    members: Sequence[tuple[str, bytes]] = (),
    first: Sequence[tuple[str, bytes]] = (),
    padding: int = 0,
) -> Built:
    """A wheel that installs. ``members`` come last, ``first`` first; ``padding`` bytes make it large."""
    info = f"{name}-{version}.dist-info"
    own = [
        *first,
        (f"{name}/__init__.py", f"__version__ = {version!r}\n".encode()),
        *([(f"{name}/data.bin", b"\0" * padding)] if padding else []),
        (f"{info}/METADATA", core_metadata(name, version, requires) if metadata is None else metadata),
        (f"{info}/WHEEL", b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
    ]
    record = "".join(f"{path},,\n" for path, _ in own) + f"{info}/RECORD,,\n"
    content = zipped([*own, (f"{info}/RECORD", record.encode()), *members])
    return Built(f"{name}-{version}-py3-none-any.whl", content)


def zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    """A zip archive, stored without compression, always the same bytes for the same members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members:
            archive.writestr(zipfile.ZipInfo(path), data)
    return buffer.getvalue()


def duplicated(built: Built, member: str) -> Built:
    """The same wheel with one member there twice: the second name is written over another one of equal length."""
    other = member[:-1] + ("y" if member[-1] != "y" else "z")
    with zipfile.ZipFile(io.BytesIO(built.data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    return Built(built.filename, zipped([*members, (other, b"x")]).replace(other.encode(), member.encode()))


def sdist(name: str = "demand_model", version: str = "1.4.0", *, metadata: bytes | None = None) -> Built:
    """An sdist with a PKG-INFO, unless ``metadata`` is empty; always the same bytes for the same arguments."""
    info = core_metadata(name, version) if metadata is None else metadata
    members = [(f"{name}-{version}/setup.py", b""), *([(f"{name}-{version}/PKG-INFO", info)] if info else [])]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in members:
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return Built(f"{name}-{version}.tar.gz", gzip.compress(buffer.getvalue(), mtime=0))
