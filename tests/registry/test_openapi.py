"""The document of the API and its routes say the same; whether answers are as it says, `make fuzz` finds out."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.routing import Route
from tests.registry.conftest import Clock, Registry, running

from wheelyard_registry.openapi import document
from wheelyard_registry.settings import Settings

_READ = {"/simple/", "/simple/{project}/", "/files/{project}/{filename}"}
_STANDARD = {"/", "/packages/{path:path}", *_READ, *(f"/as-of/{{time}}{path}" for path in _READ)}
_ELSEWHERE = {*_STANDARD, "/healthz", "/readyz", "/metrics", "/alarms/"}
"""Routes of other standards, of the machinery, and pages for people."""


def test_the_document_describes_every_route_of_ours_and_no_other(registry: Registry) -> None:
    routes = [route for route in registry.app.routes if isinstance(route, Route)]
    routed = {(route.path, method) for route in routes for method in route.methods or () if method != "HEAD"}
    paths = document()["paths"]
    assert isinstance(paths, dict)
    described = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    own = {(path, method) for path, method in routed if path not in _ELSEWHERE}
    assert own - {("/api/v1/openapi.json", "GET")} == described


def test_the_document_is_served_without_credentials(registry: Registry) -> None:
    answer = registry.client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.json() == document()


def test_every_refusal_of_the_document_names_its_codes(registry: Registry) -> None:
    paths = registry.client.get("/api/v1/openapi.json").json()["paths"]
    tokens = paths["/api/v1/tokens"]["post"]["responses"]
    assert tokens["422"]["description"] == "invalid-field"
    assert tokens["401"]["description"] == "unauthenticated"
    assert tokens["401"]["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def _requests() -> list[tuple[str, str]]:
    """Every method and path of the document, its parameters filled in."""
    paths = document()["paths"]
    assert isinstance(paths, dict)
    filled = {"project": "demand-model", "filename": "x-1-py3-none-any.whl", "version": "1", "name": "anna", "id": "0"}
    filled |= {"stage": "prod", "sha256": "0" * 64}
    return [(method.upper(), path.format(**filled)) for path, methods in paths.items() for method in methods]


def test_every_operation_wants_credentials_that_are_known(tmp_path: Path) -> None:
    with running(Settings(data=tmp_path / "data", upstreams=()), Clock()) as closed:
        for method, path in _requests():
            for given in ({}, {"Authorization": "Bearer wy_000000000000_wrong"}):
                answer = closed.client.request(method, path, headers=given)
                assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, path)
                assert "hint" in answer.json()


def test_a_token_that_reads_another_project_may_do_nothing_else(registry: Registry) -> None:
    made = {"label": "reader", "rights": ["read"], "projects": ["other"]}
    token = registry.client.post("/api/v1/tokens", json=made, auth=registry.auth).json()["token"]
    shared = {"/api/v1/deployments", "/api/v1/fleet", "/api/v1/stages/prod/bases", f"/api/v1/locks/{'0' * 64}"}
    shared |= {"/api/v1/stages", "/api/v1/kpi", "/api/v1/who-uses", "/api/v1/who-requires"}
    for method, path in _requests():
        if (method, path) in {("POST", "/api/v1/check"), *(("GET", each) for each in shared)}:
            continue
        answer = registry.client.request(method, path, auth=("__token__", token))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (method, path)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/simple/", "GET, HEAD"),
        ("/legacy/", "POST"),
        ("/api/v1/tokens", "GET, HEAD, POST"),
        ("/api/v1/projects/demand-model/files/x.whl", "DELETE, PUT"),
    ],
)
def test_a_method_that_does_not_exist_is_answered_with_those_that_do(
    registry: Registry, path: str, allowed: str
) -> None:
    answer = registry.client.request("PATCH", path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    assert answer.json()["hint"].startswith(f"this address takes {allowed}")
