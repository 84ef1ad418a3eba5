"""Receiving an upload: who may, and what happens to bodies that are cut, foreign or too large."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
import pytest
from tests.registry import wheels
from tests.registry.conftest import Clock, Registry, basic, running

from wheelyard_registry.app import create_app
from wheelyard_registry.settings import Settings

BOUNDARY = "a-boundary"


def form(built: wheels.Built, action: str = "file_upload") -> bytes:
    """A legacy form, byte for byte."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name=":action"\r\n\r\n{action}\r\n--{BOUNDARY}\r\n'
    head += f'Content-Disposition: form-data; name="content"; filename="{built.filename}"\r\n\r\n'
    return head.encode() + built.data + f"\r\n--{BOUNDARY}--\r\n".encode()


def headers(registry: Registry, length: int | None = None) -> dict[str, str]:
    """The headers of such a form."""
    given = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", **basic(*registry.auth)}
    return given if length is None else {**given, "Content-Length": str(length)}


def test_a_token_is_accepted_as_password_as_user_name_and_as_bearer(registry: Registry) -> None:
    ways = [
        basic("__token__", registry.token),
        basic(registry.token, ""),
        {"Authorization": f"Bearer {registry.token}"},
    ]
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answers = [registry.client.post("/legacy/", content=form(wheels.wheel()), headers={**way, **kind}) for way in ways]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ({}, "writing to this registry needs a token"),
        (basic("__token__", "wy_000000000000_nonsense"), "the token is not known to this registry"),
        (basic("user", "password"), "the user name or the password is wrong"),
        ({"Authorization": "Basic ???"}, "the credentials are not known to this registry"),
        ({"Authorization": "Bearer wy__"}, "the credentials are not known to this registry"),
    ],
)
def test_writing_without_a_known_token_answers_401_and_a_challenge(
    registry: Registry, given: dict[str, str], detail: str
) -> None:
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    response = registry.client.post("/", content=form(wheels.wheel()), headers={**given, **kind})
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Basic ")
    assert response.json()["detail"].startswith(detail)
    assert registry.stored_files() == []


def test_the_token_is_not_stored_in_clear(registry: Registry) -> None:
    secret = registry.token.split("_", 2)[2].encode()
    held = [path for path in registry.settings.data.iterdir() if path.is_file()]
    assert held
    assert not [path for path in held if secret in path.read_bytes()]


@pytest.mark.parametrize("action", ["remove_pkg", "doc_upload", "verify", "submit", "nonsense"])
def test_no_other_action_of_the_form_passes(registry: Registry, action: str) -> None:
    response = registry.client.post("/", content=form(wheels.wheel(), action), headers=headers(registry))
    assert response.status_code == 400
    assert response.json()["code"] == "unsupported-action"
    assert registry.stored_files() == []


@pytest.mark.parametrize("path", ["/RPC2", "/demand-model/json", "/health", "/demand-model"])
def test_no_other_route_of_pypiserver_is_reachable(registry: Registry, path: str) -> None:
    registry.upload(wheels.wheel())
    assert registry.client.get(path).status_code == 404
    assert registry.client.post(path, auth=registry.auth).status_code == 404


def test_a_form_without_a_file_is_refused(registry: Registry) -> None:
    content = form(wheels.wheel()).replace(b'name="content"', b'name="other"')
    response = registry.client.post("/", content=content, headers=headers(registry))
    assert response.json()["detail"].startswith("the upload form cannot be used: Missing 'content'")


def test_a_detached_signature_is_dropped_and_the_file_kept(registry: Registry) -> None:
    built = wheels.wheel()
    files = {"content": (built.filename, built.data), "gpg_signature": (f"{built.filename}.asc", b"signature")}
    response = registry.client.post("/", data={":action": "file_upload"}, files=files, auth=registry.auth)
    assert response.status_code == 200
    assert registry.only_file("demand-model")["filename"] == built.filename


def test_a_signature_alone_is_no_file(registry: Registry) -> None:
    response = registry.upload(wheels.Built("demand_model-1.4.0-py3-none-any.whl.asc", b"signature"))
    assert (response.status_code, response.json()["code"]) == (400, "bad-form")


def test_a_body_that_is_no_form_is_refused(registry: Registry) -> None:
    response = registry.client.post("/", json={}, auth=registry.auth)
    assert response.status_code == 400
    assert response.json()["code"] == "bad-form"


@pytest.mark.parametrize("name", ["../evil-1.0-py3-none-any.whl", "a b-1.0-py3-none-any.whl", ".whl"])
def test_a_file_name_that_is_a_path_is_refused(registry: Registry, name: str) -> None:
    response = registry.upload(wheels.Built(name, wheels.wheel().data))
    assert response.status_code == 400
    assert registry.stored_files() == []


async def _chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def test_a_chunked_body_works(registry: Registry) -> None:
    content = form(wheels.wheel())
    response = registry.client.post("/", content=_chunks(content[:100], content[100:]), headers=headers(registry))
    assert response.status_code == 200


def test_a_chunked_body_without_its_end_is_refused(registry: Registry) -> None:
    content = form(wheels.wheel())[:-30]
    response = registry.client.post("/", content=_chunks(content), headers=headers(registry))
    assert (response.status_code, response.json()["code"]) == (400, "incomplete-body")
    assert registry.stored_files() == []


def test_a_body_shorter_than_announced_is_refused(registry: Registry) -> None:
    content = form(wheels.wheel())
    response = registry.client.post("/", content=content, headers=headers(registry, len(content) + 1))
    assert response.status_code == 400
    assert f"after {len(content)} of {len(content) + 1} bytes" in response.json()["detail"]
    assert registry.stored_files() == []


def test_a_client_that_disconnects_in_the_middle_leaves_nothing(registry: Registry) -> None:
    content = form(wheels.wheel(padding=3_000_000))
    messages: Iterator[dict[str, object]] = iter(
        [
            {"type": "http.request", "body": content[:2_000_000], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return next(messages)

    async def send(message: object) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers(registry, len(content)).items()]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": raw}
    anyio.run(registry.app, scope, receive, send)
    assert registry.stored_files() == []
    assert registry.client.get("/simple/demand-model/").status_code == 404


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_beyond_the_limit_is_refused(registry: Registry, tmp_path: Path, announced: bool) -> None:
    settings = replace(Settings(data=tmp_path / "small", upstreams=()), max_upload=1000)
    content = form(wheels.wheel(padding=2000))
    with running(settings, Clock()) as small:
        sent = content if announced else _chunks(content)
        response = small.client.post("/", content=sent, headers=headers(small))
        assert (response.status_code, response.json()["code"]) == (413, "too-large")
        assert small.stored_files() == []
    assert registry.stored_files() == []


def test_uploads_that_stall_do_not_hold_up_another(registry: Registry) -> None:
    content = form(wheels.wheel())
    app = create_app(replace(registry.settings, upload_threads=1))

    begun: list[int] = []

    async def stall(client: httpx.AsyncClient, release: asyncio.Event) -> None:
        async def slow() -> AsyncIterator[bytes]:
            yield content[:50]
            begun.append(1)
            await release.wait()

        await client.post("/", content=slow(), headers=headers(registry))

    async def scene() -> int:
        release = asyncio.Event()
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://r") as client,
        ):
            stalled = [asyncio.ensure_future(stall(client, release)) for _ in range(10)]
            while len(begun) < len(stalled):
                await asyncio.sleep(0.01)
            response = await client.post("/", content=content, headers=headers(registry))
            release.set()
            await asyncio.gather(*stalled)
            return response.status_code

    assert asyncio.run(scene()) == 200
