"""A file from upstream on the wire: passed on while it arrives, broken off where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from tests.registry import wheels
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.serving import Server, serving

SIZE = 8_000_000


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with serving_upstream() as index:
        yield index


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, upstream: FakeUpstream) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("streaming"), "--upstream", upstream.url) as started:
        yield started


def test_a_file_is_passed_on_while_upstream_still_sends_it(server: Server, upstream: FakeUpstream) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0", padding=SIZE))
    upstream.stalls = [SIZE // 2]
    with httpx.stream("GET", f"{server.url}/files/six/{built.filename}") as answer:
        arriving = answer.iter_raw()
        received = next(arriving)
        while len(received) < SIZE // 4:
            received += next(arriving)
        upstream.heard.set()  # until now upstream has sent a half; it breaks off, and is asked for the rest
        received += b"".join(arriving)
    assert received == built.data
    assert len(upstream.asked_for(built.filename)) == 2


def test_the_transfer_of_wrong_bytes_breaks_off_before_its_end(server: Server, upstream: FakeUpstream) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0", padding=SIZE))
    upstream.served_instead[built.filename] = built.data[:-1] + b"!"
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{server.url}/files/six/{built.filename}")
    assert [path for path in (server.data / "cache").rglob("*") if path.is_file()] == []
