"""Requests for anything: paths, media types, encodings, conditions, ranges and queries that no client would send."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.fuzz.whole_index import attacked, require_answered
from tests.registry import wheels
from tests.registry.conftest import Registry

pytestmark = pytest.mark.heavy

WHEEL = wheels.wheel(padding=3000)
FILE = f"/files/demand-model/{WHEEL.filename}"
PAGE = "/simple/demand-model/"

SEGMENT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["..", ".", "~", "demand-model", WHEEL.filename, f"{WHEEL.filename}.metadata", "\0", "%00", "..%2f.."]
    ),
)
VALUE = st.one_of(
    st.binary(max_size=60).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"")),
    st.sampled_from(
        [b"*", b"*/*;q=2", b"gzip;q=-1", b'W/"', b'"', b";q=", b",,,", b"text/html;q=1e400", b"zstd;q=nan"]
    ),
)
SPEC = st.builds(
    lambda first, last: f"{'' if first is None else first}-{'' if last is None else last}",
    st.one_of(st.none(), st.integers(-5, 6000)),
    st.one_of(st.none(), st.integers(-5, 6000)),
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with attacked(tmp_path_factory.mktemp("attacked")) as started:
        assert started.upload(WHEEL).status_code == 200
        yield started


@given(
    prefix=st.sampled_from(["/simple/", "/files/", "/files/demand-model/", "/api/v1/projects/", "/api/v1/", "/"]),
    segments=st.lists(SEGMENT, max_size=3),
    method=st.sampled_from(["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"]),
)
def test_paths(registry: Registry, prefix: str, segments: list[str], method: str) -> None:
    path = prefix + "/".join(quote(segment.encode("utf-8", "surrogatepass"), safe="") for segment in segments)
    require_answered(registry, registry.client.request(method, path))


@given(
    path=st.sampled_from([PAGE, "/simple/", FILE, f"{FILE}.metadata", "/api/v1/fleet"]),
    name=st.sampled_from(["Accept", "Accept-Encoding", "If-None-Match", "If-Range", "Range", "Authorization", "Host"]),
    value=VALUE,
)
@example(path=PAGE, name="Accept-Encoding", value=b"zstd;q=nan, gzip")
@example(path=FILE, name="Range", value=b"bytes=" + b"9" * 5000 + b"-")
def test_headers(registry: Registry, path: str, name: str, value: bytes) -> None:
    require_answered(registry, registry.client.get(path, headers={name: value}))


@given(
    query=st.dictionaries(
        st.sampled_from(["format", "stage", "history", "after", "force", "python"]), st.text(max_size=30)
    )
)
def test_queries(registry: Registry, query: dict[str, str]) -> None:
    for path in (PAGE, "/api/v1/fleet", "/api/v1/deployments", "/api/v1/audit"):
        require_answered(registry, registry.client.get(path, params=query, auth=registry.auth))


@given(
    specs=st.lists(SPEC, min_size=1, max_size=4),
    unit=st.sampled_from(["bytes=", "bytes =", "Bytes=", "lines=", "bytes"]),
)
def test_ranges_bring_the_file_or_parts_of_it(registry: Registry, specs: list[str], unit: str) -> None:
    response = registry.client.get(FILE, headers={"Range": unit + ",".join(specs)})
    require_answered(registry, response)
    if response.status_code == 200:
        assert response.content == WHEEL.data
    elif response.status_code == 206 and not response.headers["content-type"].startswith("multipart/"):
        place, _, size = response.headers["content-range"].removeprefix("bytes ").partition("/")
        first, _, last = place.partition("-")
        assert response.content == WHEEL.data[int(first) : int(last) + 1]
        assert int(size) == len(WHEEL.data)
    else:
        assert response.status_code in {206, 416}


@given(first=st.integers(0, len(WHEEL.data) - 1), length=st.integers(1, 5000))
def test_one_range_is_honoured_to_the_byte(registry: Registry, first: int, length: int) -> None:
    response = registry.client.get(FILE, headers={"Range": f"bytes={first}-{first + length - 1}"})
    assert (response.status_code, response.content) == (206, WHEEL.data[first : first + length])
    rest = registry.client.get(FILE, headers={"Range": f"bytes=-{length}"})
    assert (rest.status_code, rest.content) == (206, WHEEL.data[-length:])
