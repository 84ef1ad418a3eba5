"""Whether a zip archive says the same thing to every reader.

A zip names its members twice: before each one's bytes, and in the directory at the end. Installers read the directory,
streaming ones read the local headers, and a scanner may read either. An archive in which the two differ, or which has
bytes that belong to no member, can show different files to different readers.

Sources: PKWARE's APPNOTE 4.3; the checks that PyPI makes on uploads since 2025.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from typing import BinaryIO

MAX_MEMBERS = 200_000
MAX_UNPACKED = 64 * 1024**3
MAX_RATIO = 500
"""Times that the members may be larger than the archive. Deflate reaches 1,032, on nothing but zeros."""

RATIO_MATTERS_FROM = 64 * 1024**2
"""Unpacked bytes below which nobody is hurt by any ratio."""

_LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_DIRECTORY_END = b"PK\x05\x06"
_METHODS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}
_ENCRYPTED = 0x1
_SIZES_FOLLOW = 0x8
_UTF8 = 0x800
_DESCRIPTORS = (0, 12, 16, 20, 24)
"""Lengths of the data descriptor that may follow a member: none, or with and without signature and 64-bit sizes."""


def structure_problems(archive: zipfile.ZipFile, file: BinaryIO, size: int) -> Iterator[str]:
    """What is wrong with an opened archive of ``size`` bytes. Nothing is unpacked.

    Raises:
        zipfile.BadZipFile, struct.error: a local header cannot be read.
    """
    members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    yield from _bomb_problems(members, size)
    if _DIRECTORY_END in archive.comment:
        yield "its comment looks like the end of another directory"
    end = 0
    for member in members:
        if member.header_offset < end:
            yield f"{member.filename!r} overlaps another member"
            return
        if member.header_offset - end not in _DESCRIPTORS or (end == 0 and member.header_offset != 0):
            yield f"bytes before {member.filename!r} belong to no member"
            return
        problem, end = _local_header(member, file)
        if problem:
            yield problem
            return
    if archive.start_dir - end not in _DESCRIPTORS:
        yield "bytes before its directory belong to no member"


def _bomb_problems(members: list[zipfile.ZipInfo], size: int) -> Iterator[str]:
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS:
        yield f"it holds {len(members)} members, more than {MAX_MEMBERS}"
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_MATTERS_FROM and unpacked > MAX_RATIO * size):
        yield f"it unpacks from {size} to {unpacked} bytes, as only a bomb does"
    for member in members:
        if member.flag_bits & _ENCRYPTED:
            yield f"{member.filename!r} is encrypted"
        elif member.compress_type not in _METHODS:
            yield f"{member.filename!r} is compressed by a method ({member.compress_type}) that installers may not have"


def _local_header(member: zipfile.ZipInfo, file: BinaryIO) -> tuple[str | None, int]:
    """What the local header says otherwise than the directory, and where the member's bytes end."""
    file.seek(member.header_offset)
    fixed = _LOCAL.unpack(file.read(_LOCAL.size))
    signature, _, flags, method, _, _, crc, packed, unpacked, name_length, extra_length = fixed
    if signature != _LOCAL_SIGNATURE:
        raise zipfile.BadZipFile(f"no local header for {member.filename!r}")
    name = file.read(name_length)
    end = member.header_offset + _LOCAL.size + name_length + extra_length + member.compress_size
    spelt = member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437", "replace")
    if name != spelt:
        return f"{member.filename!r} is called {name!r} by its local header", end
    if method != member.compress_type or (flags ^ member.flag_bits) & _ENCRYPTED:
        return f"the local header of {member.filename!r} contradicts the directory", end
    said = (crc, packed, unpacked)
    listed = (member.CRC, member.compress_size, member.file_size)
    plain = 0xFFFFFFFF not in said and not flags & _SIZES_FOLLOW
    if plain and said != listed:
        return f"the local header of {member.filename!r} contradicts the directory", end
    return None, end
