"""The inside of a distribution file: sane member names, and the core metadata it carries.

Nothing is extracted. The checks are those that keep installers from reading one archive in two ways.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from wheelyard_registry.distribution import Distribution
from wheelyard_registry.file_errors import RefusedFile
from wheelyard_registry.record import MAX_RECORD, record_problems
from wheelyard_registry.zip_structure import structure_problems
from wheelyard_resolver.errors import UnreadableWheel
from wheelyard_resolver.remote_wheel import MAX_METADATA, metadata_of

MAX_UNPACKED_SDIST = 4 * 1024**3
"""Bytes of an unpacked sdist beyond which it is taken for a bomb: finding PKG-INFO unpacks all before it."""

_UNREADABLE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,  # among them names that are not UTF-8 where they claim to be
    IndexError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)
"""What the standard library raises for damaged, encrypted or unsupported archives."""


def core_metadata_of(distribution: Distribution, path: Path) -> bytes:
    """The raw METADATA of a wheel or PKG-INFO of an sdist, after its member names have been found sane.

    Raises:
        RefusedFile: the archive cannot be read, its names are not sane, or it has no metadata of its own.
    """
    with path.open("rb") as file:
        if distribution.is_wheel:
            return _wheel_metadata(distribution, file)
        return _sdist_metadata(distribution, file)


def _wheel_metadata(distribution: Distribution, file: BinaryIO) -> bytes:
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            problems = list(name_problems(names))
            # Two members of one name confuse every later check: they would only say the same in other words.
            if not problems:
                problems += structure_problems(archive, file, file.seek(0, io.SEEK_END))
                problems += _record_problems(archive, names)
    except _UNREADABLE as error:
        raise RefusedFile(
            filename=distribution.filename, problems=[f"it is not a readable zip archive ({error})"]
        ) from error
    try:
        raw = metadata_of(distribution.filename, file)  # type: ignore[arg-type]  # BinaryIO is what open() is typed as
    except UnreadableWheel as error:
        problems.append(error.reason)
        raw = b""
    if problems:
        raise RefusedFile(filename=distribution.filename, problems=problems)
    return raw


def _record_problems(archive: zipfile.ZipFile, names: list[str]) -> Iterator[str]:
    """What is wrong with the RECORD of each ``.dist-info`` at the top: usually there is one, its owner's."""
    infos = sorted({name.partition("/")[0] for name in names if _is_info(name)})
    records = [info for info in infos if f"{info}/RECORD" in names]
    if infos and not records:
        yield "it has no RECORD"
    for info in records:
        member = archive.getinfo(f"{info}/RECORD")
        if member.file_size > MAX_RECORD:
            yield f"its RECORD claims {member.file_size} bytes"
        else:
            yield from record_problems(archive.read(member), info, names)


def _is_info(name: str) -> bool:
    return name.count("/") == 1 and name.partition("/")[0].endswith(".dist-info")


def _sdist_metadata(distribution: Distribution, file: BinaryIO) -> bytes:
    try:
        names, found = _read_zip(file) if distribution.filename.endswith(".zip") else _read_tar(file)
    except _UNREADABLE as error:
        raise RefusedFile(
            filename=distribution.filename, problems=[f"it is not a readable archive ({error})"]
        ) from error
    problems = list(name_problems(names))
    if len(found) != 1:
        problems.append("it has no PKG-INFO in its top directory" if not found else "it has more than one PKG-INFO")
    if problems:
        raise RefusedFile(filename=distribution.filename, problems=problems)
    return found[0]


def _read_tar(file: BinaryIO) -> tuple[list[str], list[bytes]]:
    names: list[str] = []
    found: list[bytes] = []
    with tarfile.open(fileobj=file, mode="r:gz") as archive:
        for member in archive:
            if member.offset_data + member.size > MAX_UNPACKED_SDIST:
                raise tarfile.TarError(f"it unpacks to more than {MAX_UNPACKED_SDIST} bytes")
            if not member.isdir():
                names.append(member.name)
            if _is_pkg_info(member.name) and member.isfile():
                stream = archive.extractfile(member)
                assert stream is not None
                found.append(_capped(stream.read(MAX_METADATA + 1)))
    return names, found


def _read_zip(file: BinaryIO) -> tuple[list[str], list[bytes]]:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        found = []
        for name in filter(_is_pkg_info, names):
            with archive.open(name) as stream:
                found.append(_capped(stream.read(MAX_METADATA + 1)))
    return names, found


def _is_pkg_info(name: str) -> bool:
    return name.count("/") == 1 and name.endswith("/PKG-INFO")


def _capped(data: bytes) -> bytes:
    if len(data) > MAX_METADATA:
        raise tarfile.TarError(f"its PKG-INFO is larger than {MAX_METADATA} bytes")
    return data


def name_problems(names: Iterable[str]) -> Iterator[str]:
    """What is wrong with the member names of an archive: two installers might unpack it differently, or outside."""
    counted = Counter(names)
    for name, count in sorted(counted.items()):
        if count > 1:
            yield f"it holds {name!r} {count} times"
        if name.startswith("/") or name[1:2] == ":":
            yield f"it holds the absolute path {name!r}"
        if ".." in name.replace("\\", "/").split("/"):
            yield f"it holds {name!r}, which leads out of the archive"
        if "\\" in name or "\0" in name or not name:
            yield f"it holds the unusable name {name!r}"
