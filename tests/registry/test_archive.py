"""Archives that say one thing to one reader and another thing to the next."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from tests.registry import wheels
from tests.registry.conftest import Registry
from tests.registry.wheels import Built, core_metadata

NAME = "demand_model-1.4.0-py3-none-any.whl"
INFO = "demand_model-1.4.0.dist-info"


def local_name(data: bytes) -> bytes:
    """Another name in the first local header."""
    return data.replace(b"demand_model/__init__.py", b"demand_model/__xxxx__.py", 1)


def local_size(data: bytes) -> bytes:
    """Another size in the first local header."""
    return data[:22] + struct.pack("<L", 1) + data[26:]


def gap(data: bytes) -> bytes:
    """Bytes between the members and the directory, which moves on."""
    end = data.rindex(b"PK\x05\x06")
    (start,) = struct.unpack_from("<L", data, end + 16)
    moved = data[end : end + 16] + struct.pack("<L", start + 7) + data[end + 20 :]
    return data[:start] + b"PAYLOAD" + data[start:end] + moved


def in_front(data: bytes) -> bytes:
    """A program in front, as self-extracting archives have one."""
    return b"#!/bin/sh\n" + data


def encrypted(data: bytes) -> bytes:
    """The mark of encryption on the first member, in both places."""
    at = data.index(b"PK\x01\x02")
    return data[:6] + b"\x01" + data[7 : at + 8] + b"\x01" + data[at + 9 :]


def second_end(data: bytes) -> bytes:
    """A comment that looks like another directory's end."""
    end = data.rindex(b"PK\x05\x06")
    fake = data[end : end + 20] + b"\0\0" + b"x"
    return data[: end + 20] + struct.pack("<H", len(fake)) + fake


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (local_name, "by its local header"),
        (local_size, "contradicts the directory"),
        (gap, "bytes before its directory belong to no member"),
        (in_front, "bytes before 'demand_model/__init__.py' belong to no member"),
        (encrypted, "is encrypted"),
        (second_end, ""),
    ],
)
def test_a_wheel_that_two_readers_read_differently_is_refused(
    registry: Registry, change: Callable[[bytes], bytes], reason: str
) -> None:
    response = registry.upload(Built(NAME, change(wheels.wheel().data)))
    assert (response.status_code, response.json()["code"]) == (400, "refused-file")
    assert reason in response.json()["detail"]
    assert registry.stored_files() == []


def built(members: dict[str, bytes], *, compression: int = zipfile.ZIP_STORED) -> Built:
    """A wheel of exactly these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for path, data in members.items():
            archive.writestr(path, data)
    return Built(NAME, buffer.getvalue())


METADATA = {f"{INFO}/METADATA": core_metadata("demand_model", "1.4.0"), f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n"}
RECORDED = {**METADATA, f"{INFO}/RECORD": f"{INFO}/METADATA,,\n{INFO}/WHEEL,,\n{INFO}/RECORD,,\n".encode()}


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        (METADATA, "it has no RECORD"),
        ({**RECORDED, "hidden.py": b""}, "it holds files that its RECORD does not list: 'hidden.py'"),
        ({**METADATA, f"{INFO}/RECORD": b"\xff"}, "its RECORD cannot be read"),
        (
            {**RECORDED, f"{INFO}/RECORD": RECORDED[f"{INFO}/RECORD"] + b"gone.py,sha256=x,1\n"},
            "its RECORD lists files that it does not hold: 'gone.py'",
        ),
    ],
)
def test_a_wheel_that_is_not_what_its_record_says_is_refused(
    registry: Registry, members: dict[str, bytes], reason: str
) -> None:
    response = registry.upload(built(members))
    assert response.status_code == 400
    assert reason in response.json()["detail"]
    assert registry.stored_files() == []


def test_a_bomb_is_refused_unexploded(registry: Registry) -> None:
    zeros = {**RECORDED, "demand_model/zeros": b"\0" * 70_000_000}
    zeros[f"{INFO}/RECORD"] += b"demand_model/zeros,,\n"
    response = registry.upload(built(zeros, compression=zipfile.ZIP_DEFLATED))
    assert response.status_code == 400
    assert "as only a bomb does" in response.json()["detail"]


def test_members_that_share_their_bytes_are_refused(registry: Registry) -> None:
    response = registry.upload(Built(NAME, overlapped()))
    assert response.status_code == 400
    assert "overlaps another member" in response.json()["detail"]


def overlapped() -> bytes:
    """Two directory entries for the bytes of one member."""
    data = wheels.wheel(members=[("demand_model/a.py", b"same"), ("demand_model/b.py", b"same")]).data
    at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02"))
    first = data.index(b"demand_model/a.py", at) - 46
    second = data.index(b"demand_model/b.py", first + 50) - 46
    return data[: second + 42] + data[first + 42 : first + 46] + data[second + 46 :]


def test_metadata_that_is_absurdly_large_is_refused(registry: Registry) -> None:
    large = {**RECORDED, f"{INFO}/METADATA": METADATA[f"{INFO}/METADATA"] + b"\n" + b"x" * 17_000_000}
    response = registry.upload(built(large, compression=zipfile.ZIP_DEFLATED))
    assert response.status_code == 400
    assert "METADATA claims" in response.json()["detail"]


def test_a_deflated_wheel_with_data_descriptors_is_fine(registry: Registry) -> None:
    class Unseekable(io.RawIOBase):
        """A pipe: zipfile then writes sizes behind each member."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            written = bytes(data)
            self.data += written
            return len(written)

    pipe = Unseekable()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in RECORDED.items():
            archive.writestr(path, data)
    assert registry.upload(Built(NAME, bytes(pipe.data))).status_code == 200


def test_a_sdist_with_two_pkg_infos_is_refused(registry: Registry) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for folder in ("demand_model-1.4.0", "other"):
            entry = tarfile.TarInfo(f"{folder}/PKG-INFO")
            data = core_metadata("demand_model", "1.4.0")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    response = registry.upload(Built("demand_model-1.4.0.tar.gz", buffer.getvalue()))
    assert "it has more than one PKG-INFO" in response.json()["detail"]
