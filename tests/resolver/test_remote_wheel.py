"""METADATA out of a wheel by ranges is the METADATA of the wheel, whatever the wheel looks like."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelyard_resolver.errors import UnreadableWheel
from wheelyard_resolver.remote_wheel import TAIL, ByteRange, metadata_of, read_metadata

FILENAME = "demand-1.4.0-py3-none-any.whl"
MEMBER = "demand-1.4.0.dist-info/METADATA"
END_RECORD = b"PK\x05\x06"
"""Where a zip archive's directory is announced; in a comment it makes two readers see two archives."""


def wheel(members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.comment = comment
    return stream.getvalue()


def fetched(content: bytes, filename: str = FILENAME) -> tuple[bytes, list[ByteRange]]:
    """What the reader returns when its ranges are served from ``content``, and the ranges."""
    asked: list[ByteRange] = []
    reader = read_metadata(filename, len(content))
    wanted = next(reader)
    try:
        while True:
            assert 0 <= wanted.start < wanted.stop <= len(content)
            asked.append(wanted)
            wanted = reader.send(content[wanted.start : wanted.stop])
    except StopIteration as end:
        return end.value, asked


names = st.text("abcdefgh", min_size=1, max_size=30).map(lambda name: f"demand/{name}.py")
sizes = st.sampled_from([0, 1, 100, TAIL - 1, TAIL, TAIL + 1, 3 * TAIL])


@given(
    before=st.dictionaries(names, sizes, max_size=4),
    after=st.dictionaries(names, sizes, max_size=4),
    crowd=st.sampled_from([0, 10, 1000]),
    metadata=st.binary(max_size=200) | sizes.map(bytes),
    compression=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    comment=st.binary(max_size=50).filter(lambda comment: END_RECORD not in comment),
)
def test_ranges_give_what_the_whole_wheel_gives(
    before: dict[str, int],
    after: dict[str, int],
    crowd: int,
    metadata: bytes,
    compression: int,
    comment: bytes,
) -> None:
    """METADATA first, last or between, in a small or a huge directory, stored or deflated."""
    members = {name: bytes(size) for name, size in before.items()}
    members |= {f"demand/data/{number:060}": b"" for number in range(crowd)}
    members[MEMBER] = metadata
    members |= {f"later/{name}": bytes(size) for name, size in after.items()}
    content = wheel(members, compression=compression, comment=comment)
    got, asked = fetched(content)
    assert got == metadata == metadata_of(FILENAME, io.BytesIO(content))
    assert len(asked) <= 5


def test_one_request_reads_a_usual_wheel() -> None:
    """.dist-info stands last, beside the directory."""
    content = wheel({"demand/model.bin": bytes(10 * TAIL), MEMBER: b"Name: demand\n"}, compression=zipfile.ZIP_STORED)
    assert fetched(content) == (b"Name: demand\n", [ByteRange(len(content) - TAIL, len(content))])


def test_a_range_counts_both_ends_in() -> None:
    """RFC 9110, 14.2."""
    assert ByteRange(0, 500).header == "bytes=0-499"


def test_a_vendored_dist_info_is_not_the_wheels_own() -> None:
    """The .dist-info of the wheel's own name and version is the one that counts."""
    members = {"vendored-2.0.dist-info/METADATA": b"wrong", "demand/x-1.dist-info/METADATA": b"wrong", MEMBER: b"right"}
    assert fetched(wheel(members))[0] == b"right"


@pytest.mark.parametrize(
    ("filename", "member"),
    [
        ("Demand_Forecast-1.0-py3-none-any.whl", "demand.forecast-1.0.0.dist-info/METADATA"),
        ("demand-1.0+cu.1-py3-none-any.whl", "demand-1.0+cu.1.dist-info/METADATA"),
        ("demand-1.0+cu.1-py3-none-any.whl", "demand-1.0_cu.1.dist-info/METADATA"),
    ],
)
def test_names_and_versions_are_compared_normalised(filename: str, member: str) -> None:
    """Build tools spell them in more ways than one."""
    assert fetched(wheel({member: b"x"}), filename)[0] == b"x"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>not here</html>", f"{FILENAME}: not a readable wheel: File is not a zip file"),
        (
            wheel({"other-1.dist-info/METADATA": b"x"}),
            f"{FILENAME}: it has no .dist-info for demand 1.4.0 (found: other-1.dist-info/METADATA)",
        ),
        (wheel({MEMBER: b"x"}, comment=END_RECORD), f"{FILENAME}: not a readable wheel: File is not a zip file"),
        (wheel({"demand.py": b""}), f"{FILENAME}: it has no .dist-info for demand 1.4.0 (found: none)"),
        (wheel({MEMBER: bytes(17 * 1024 * 1024)}), f"{FILENAME}: its METADATA claims 17825792 bytes"),
    ],
)
def test_a_bad_wheel_is_unreadable(content: bytes, said: str) -> None:
    """The error says what is wrong with it."""
    with pytest.raises(UnreadableWheel) as caught:
        fetched(content)
    assert str(caught.value) == said


@given(st.data())
def test_damage_never_escapes_as_another_error(data: st.DataObject) -> None:
    """Overwriting any bytes of a wheel leaves it readable or makes it an UnreadableWheel."""
    content = bytearray(wheel({"demand/a.py": b"x = 1\n" * 50, MEMBER: b"Name: demand\n" * 20}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnreadableWheel):
        fetched(bytes(content))
    with contextlib.suppress(UnreadableWheel):
        metadata_of(FILENAME, io.BytesIO(content))
