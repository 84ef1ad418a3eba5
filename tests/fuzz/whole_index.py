"""What must hold after whatever anybody sends: all that is listed is complete and true, and nothing lies outside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.registry.conftest import Clock, Registry, running

from wheelyard_registry.problem import MEDIA_TYPE
from wheelyard_registry.settings import Settings
from wheelyard_resolver.page import JSON_V1


@contextmanager
def attacked(folder: Path) -> Iterator[Registry]:
    """A registry in this process to send things to. At the end its index must be whole and the folder clean."""
    with running(Settings(data=folder / "data", upstreams=(), anonymous_read=True), Clock()) as registry:
        yield registry
        require_whole(registry)
    outside = [path for path in folder.rglob("*") if not path.is_relative_to(folder / "data")]
    assert outside == []


def require_whole(registry: Registry) -> None:
    """Every listed file is served with the bytes and the metadata that its page states; nothing else is stored."""
    stated: set[str] = set()
    listed = registry.client.get("/simple/", headers={"Accept": JSON_V1}).json()["projects"]
    for project in (entry["name"] for entry in listed):
        for file in registry.page(project)["files"]:
            url = f"/simple/{project}/{file['url']}"
            assert digest(registry.client.get(url)) == file["hashes"]["sha256"]
            stated.add(file["hashes"]["sha256"])
            if file["core-metadata"]:
                assert digest(registry.client.get(f"{url}.metadata")) == file["core-metadata"]["sha256"]
    assert {path.name for path in registry.stored_files()} == stated


def digest(response: httpx.Response) -> str:
    """The sha256 of what was served."""
    assert response.status_code == 200
    return hashlib.sha256(response.content).hexdigest()


def require_answered(registry: Registry, response: httpx.Response) -> None:
    """The server did not fail, a refusal says why and what to do, and nothing is left in between."""
    assert response.status_code < 500, response.text
    if response.status_code >= 400 and response.request.method != "HEAD":
        assert response.headers["content-type"] == MEDIA_TYPE
        refusal = response.json()
        assert refusal["detail"].startswith(refusal["message"])
        assert refusal["code"]
        assert refusal["hint"]
    assert list(registry.settings.staging.iterdir()) == []
