"""Logins of the keyring: asked for after a refusal only, and sent to the server that refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import keyring
import keyring.backend
import keyring.credentials
import keyring.errors
import pytest

from wheelyard_cli.transfer import OriginAuth, installed_keyring

_BASIC = httpx.BasicAuth("anna", "secret")._auth_header


class Ring:
    """A keyring of one login; keeps what it was asked for."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.asked: list[str] = []

    def __call__(self, url: str, host: str) -> tuple[str, str] | None:
        self.asked.append(url)
        return ("anna", "secret") if host == self.host else None


class Closed(httpx.BaseTransport):
    """A server that lets Anna in, and to /public everybody. Unlike httpx.MockTransport it reads no body for them."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        known = request.headers.get("Authorization") == _BASIC
        return httpx.Response(200 if known or request.url.path == "/public" else 401)


def client(ring: Ring) -> httpx.Client:
    """A client whose netrc holds nothing."""
    auth = OriginAuth([], {"NETRC": "/nowhere"}, keyring=ring)
    return httpx.Client(auth=auth, transport=Closed())


def test_a_refusal_is_answered_from_the_keyring() -> None:
    ring = Ring("index.example")
    assert client(ring).get("https://index.example/simple/").status_code == 200
    assert ring.asked == ["https://index.example/"]


def test_without_a_refusal_nobody_is_asked() -> None:
    ring = Ring("index.example")
    assert client(ring).get("https://index.example/public").status_code == 200
    assert ring.asked == []


def test_a_login_of_another_host_is_not_sent() -> None:
    assert client(Ring("index.example")).get("https://other.example/simple/").status_code == 401


def test_a_body_from_a_file_is_not_sent_twice(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    with (tmp_path / "file").open("rb") as file:
        assert client(Ring("index.example")).put("https://index.example/", content=file).status_code == 401


# -- the package keyring itself -------------------------------------------------------------------------------------


class Memory(keyring.backend.KeyringBackend):
    """A backend of one login."""

    priority = 1.0
    locked = False

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring leaves this one out

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002
        return None

    def get_credential(self, service: str, username: str | None) -> keyring.credentials.Credential | None:  # noqa: ARG002
        if self.locked:
            raise keyring.errors.KeyringLocked("locked")
        return keyring.credentials.SimpleCredential("anna", "secret") if service == "index.example" else None


class Locked(Memory):
    """One that cannot be opened."""

    locked = True


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    """The backend in force for a test."""
    before = keyring.get_keyring()
    keyring.set_keyring(request.param)
    yield
    keyring.set_keyring(before)


@pytest.mark.parametrize("backend", [Memory()], indirect=True)
@pytest.mark.usefixtures("backend")
def test_the_keyring_is_asked_by_url_and_then_by_host() -> None:
    assert installed_keyring("https://index.example/", "index.example") == ("anna", "secret")
    assert installed_keyring("https://other.example/", "other.example") is None


@pytest.mark.parametrize("backend", [Locked()], indirect=True)
@pytest.mark.usefixtures("backend")
def test_a_keyring_that_cannot_be_opened_holds_nothing() -> None:
    assert installed_keyring("https://index.example/", "index.example") is None
