"""Requests of the JSON API, as a test writes them."""

from __future__ import annotations

from typing import Any

import httpx
from httpx import Response
from tests.registry.conftest import Registry

from wheelyard_cli.registry_address import RegistryAddress
from wheelyard_cli.registry_client import RegistryClient

Auth = tuple[str, str]


def call(registry: Registry, method: str, path: str, body: object = None, *, auth: Auth | None = None) -> Any:
    """A request that must succeed, as administrator unless told otherwise; the answer's JSON."""
    response = api(registry, method, path, body, auth=auth)
    assert response.is_success, response.text
    return response.json()


def api(registry: Registry, method: str, path: str, body: object = None, *, auth: Auth | None = None) -> Response:
    """A request of the API."""
    content = {} if body is None else {"json": body}
    return registry.client.request(method, f"/api/v1/{path}", auth=auth or registry.auth, **content)


def token(registry: Registry, *rights: str, **more: object) -> str:
    """A new token's text."""
    body = {"label": "a test", "rights": list(rights), **more}
    return str(call(registry, "POST", "tokens", body)["token"])


def command_line(registry: Registry, token: str, **query: str) -> RegistryClient:
    """What the command line asks a registry with; ``query`` is added to every request."""

    def ask(request: httpx.Request) -> httpx.Response:
        url = request.url.copy_merge_params(query)
        answer = registry.client.request(request.method, str(url), headers=dict(request.headers))
        return httpx.Response(answer.status_code, content=answer.content)

    return RegistryClient(RegistryAddress("http://registry"), token, transport=httpx.MockTransport(ask), environment={})
