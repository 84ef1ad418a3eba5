"""Uploads of anything: names, forms, archives and headers that no client would send."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.whole_index import attacked, require_answered
from tests.registry import wheels
from tests.registry.conftest import Registry

pytestmark = pytest.mark.heavy

BOUNDARY = b"a-boundary"
WHEEL = wheels.wheel()

TEXT = st.text(max_size=60)
PIECES = st.one_of(
    st.sampled_from(["demand_model", "-1.4.0", "-py3-none-any", ".whl", ".tar.gz", ".zip", ".metadata", "+local", "!"]),
    st.sampled_from(["..", "/", "\\", "\0", "%2e%2e", "CON", " ", "\n", '"', ";", "~", "-", "_", "9" * 300]),
    st.sampled_from(["é", "\u202e", "\ud7ff", "\U0001f600"]),
)
NAMES = st.one_of(TEXT, st.lists(PIECES, max_size=8).map("".join))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with attacked(tmp_path_factory.mktemp("attacked")) as started:
        yield started


def part(name: bytes, data: bytes, filename: bytes | None = None) -> bytes:
    """One part of a form, byte for byte."""
    disposition = (
        b'form-data; name="' + name + b'"' + (b'; filename="' + filename + b'"' if filename is not None else b"")
    )
    return b"--" + BOUNDARY + b"\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + data + b"\r\n"


def form(data: bytes = WHEEL.data, filename: bytes = WHEEL.filename.encode(), *fields: tuple[bytes, bytes]) -> bytes:
    """A legacy form, whatever is in it."""
    stated = b"".join(part(name, value) for name, value in ((b":action", b"file_upload"), *fields))
    return stated + part(b"content", data, filename) + b"--" + BOUNDARY + b"--\r\n"


def send(registry: Registry, body: bytes, headers: dict[str, bytes] | None = None) -> None:
    """Send a body as an upload, and see that it is answered."""
    given = {"Content-Type": b"multipart/form-data; boundary=" + BOUNDARY, **(headers or {})}
    given.setdefault("Authorization", f"Bearer {registry.token}".encode())
    require_answered(registry, registry.client.post("/legacy/", content=body, headers=given))


def changed(base: bytes) -> st.SearchStrategy[bytes]:
    """A few pieces of the bytes cut out, doubled, moved or overwritten."""
    place = st.integers(0, len(base))
    edit = st.tuples(
        place, place, st.one_of(st.binary(max_size=8), st.sampled_from([b"PK\x03\x04", b"PK\x01\x02", b"--"]))
    )

    def apply(edits: list[tuple[int, int, bytes]]) -> bytes:
        data = base
        for start, stop, piece in edits:
            data = data[:start] + piece + data[stop:]
        return data

    return st.lists(edit, min_size=1, max_size=4).map(apply)


def overwritten(base: bytes) -> st.SearchStrategy[bytes]:
    """Single bytes of an archive changed, its length kept: the offsets of its directory still lead somewhere."""
    edits = st.lists(st.tuples(st.integers(0, len(base) - 1), st.integers(0, 255)), min_size=1, max_size=6)

    def apply(given: list[tuple[int, int]]) -> bytes:
        data = bytearray(base)
        for place, value in given:
            data[place] = value
        return bytes(data)

    return edits.map(apply)


@given(name=NAMES)
@example(name="../../evil-1.0-py3-none-any.whl")
@example(name="demand_model-1.4.0-py3-none-any.whl/../../x")
def test_file_names(registry: Registry, name: str) -> None:
    send(registry, form(filename=name.encode("utf-8", "surrogatepass")))


@given(name=st.binary(max_size=40))
def test_file_names_that_are_no_text(registry: Registry, name: bytes) -> None:
    send(registry, form(filename=name))


@given(body=changed(form()))
def test_forms_with_pieces_changed(registry: Registry, body: bytes) -> None:
    send(registry, body)


@given(
    fields=st.lists(
        st.tuples(
            st.sampled_from(
                [b":action", b"name", b"version", b"sha256_digest", b"md5_digest", b"content", b"protocol_version"]
            ),
            TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
        ),
        max_size=5,
    )
)
def test_fields_of_any_value(registry: Registry, fields: list[tuple[bytes, bytes]]) -> None:
    send(registry, form(WHEEL.data, WHEEL.filename.encode(), *fields))


@given(data=overwritten(WHEEL.data), number=st.integers(0, 10**6))
def test_wheels_with_bytes_changed(registry: Registry, data: bytes, number: int) -> None:
    send(registry, form(data, WHEEL.filename.encode()))
    send(registry, form(data, f"demand_model-1.4.0-{number}-py3-none-any.whl".encode()))


@given(data=changed(WHEEL.data))
def test_wheels_with_pieces_changed(registry: Registry, data: bytes) -> None:
    send(registry, form(data))


@given(data=st.one_of(changed(wheels.sdist().data), st.binary(max_size=200)))
def test_sdists_with_pieces_changed(registry: Registry, data: bytes) -> None:
    send(registry, form(data, b"demand_model-1.4.0.tar.gz"))
    send(registry, form(data, b"demand_model-1.4.0.zip"))


MEMBERS = st.sampled_from(
    ["../evil", "/etc/evil", "C:\\evil", "a\\..\\b", "a/", "é", "a\0b", "", "./a", "a//b", "demand_model/data.bin"]
)


@given(members=st.lists(st.tuples(st.one_of(MEMBERS, TEXT), st.binary(max_size=20)), max_size=4))
def test_wheels_with_members_of_any_name(registry: Registry, members: list[tuple[str, bytes]]) -> None:
    try:
        built = wheels.wheel(members=members)
    except (UnicodeEncodeError, ValueError, UserWarning):
        return  # zipfile itself writes no such archive, or warns of a name that is there twice
    send(registry, form(built.data))


@given(metadata=st.one_of(changed(wheels.core_metadata("demand_model", "1.4.0")), st.binary(max_size=200)))
def test_wheels_with_any_metadata(registry: Registry, metadata: bytes) -> None:
    send(registry, form(wheels.wheel(metadata=metadata).data))


HEADER = st.one_of(
    st.binary(max_size=60).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"")),
    st.sampled_from(
        [b"Basic", b"Basic \xff", b"Bearer ", b"Basic OjpAOg==", b"Bearer wy_a_b", b"multipart/form-data", b"-1"]
    ),
)


@given(
    name=st.sampled_from(["Authorization", "Content-Type", "Content-Length", "Expect", "Content-Encoding"]),
    value=HEADER,
)
@example(name="Authorization", value=b"Basic \xff")  # base64 takes no text beyond ASCII, and says so by ValueError
@example(name="Content-Type", value=b"multipart/form-data; boundary=" + b"x" * 500)
@example(name="Content-Type", value=b'multipart/form-data; boundary="\xe9"')
@example(name="Content-Length", value=b"1" * 5000)
def test_headers_of_any_value(registry: Registry, name: str, value: bytes) -> None:
    send(registry, form(), {name: value})
