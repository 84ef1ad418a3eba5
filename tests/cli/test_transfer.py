"""Transfers over real connections: what a transport played from memory cannot break."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from wheelyard_cli.transfer import Transfer
from wheelyard_resolver.errors import IndexUnreachable

BODY = b"0123456789" * 10


class BreaksOff(BaseHTTPRequestHandler):
    """Closes the connection in the middle of the body, as often as its server says."""

    server: BreakingServer

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.server.answers += 1
        whole = self.server.answers > self.server.breaks
        self.wfile.write(BODY if whole else BODY[:30])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name it has there)
        """Keep quiet."""


class BreakingServer(ThreadingHTTPServer):
    def __init__(self, breaks: int) -> None:
        super().__init__(("127.0.0.1", 0), BreaksOff)
        self.breaks = breaks
        self.answers = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


@contextmanager
def running(breaks: int) -> Iterator[BreakingServer]:
    with BreakingServer(breaks) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def transfer() -> Iterator[Transfer]:
    opened = Transfer(environment={"NETRC": "/nowhere"}, sleep=lambda _: None)
    try:
        yield opened
    finally:
        opened.close()


def test_a_body_that_breaks_off_is_fetched_again() -> None:
    """Twice broken, then whole."""
    with running(breaks=2) as server, transfer() as client:
        response = client.get(server.url)
        assert response is not None
        assert response.content == BODY
        assert server.answers == 3


def test_a_body_that_always_breaks_off_is_no_answer() -> None:
    """Half a page must never be taken for a page."""
    with running(breaks=99) as server, transfer() as client:
        with pytest.raises(IndexUnreachable, match="peer closed connection without sending complete message body"):
            client.get(server.url)
        assert server.answers == 5


def test_nobody_listening_is_no_answer() -> None:
    """After a few attempts."""
    with running(breaks=0) as server:
        url = server.url
    with transfer() as client, pytest.raises(IndexUnreachable, match="Connection refused"):
        client.get(url)


class Recording(BaseHTTPRequestHandler):
    """Notes the credentials that arrive, and sends everybody on to another origin."""

    server: RecordingServer

    def do_GET(self) -> None:
        self.server.credentials.append(self.headers.get("Authorization"))
        self.send_response(302 if self.server.elsewhere else 200)
        self.send_header("Location", self.server.elsewhere)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name it has there)
        """Keep quiet."""


class RecordingServer(ThreadingHTTPServer):
    def __init__(self, elsewhere: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Recording)
        self.elsewhere = elsewhere
        self.credentials: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_port}/"


@contextmanager
def recording(elsewhere: str = "") -> Iterator[RecordingServer]:
    with RecordingServer(elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_a_token_goes_to_its_origin_only() -> None:
    with recording() as other, recording(other.url) as registry:
        opened = Transfer(tokens={registry.url: "wy_a_b"}, environment={"NETRC": "/nowhere"})
        opened.get(f"{registry.url}simple/x/")
        opened.get(other.url)
        opened.close()
    assert registry.credentials == ["Basic X190b2tlbl9fOnd5X2FfYg=="]
    assert other.credentials == [None, None]
