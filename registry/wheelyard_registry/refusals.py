"""Answers to requests that cannot be served as they are: refusals, other spellings of an address, failures."""

from __future__ import annotations

import logging
from urllib.parse import quote

import sqlalchemy as sa
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ExceptionHandler

from wheelyard_registry.errors import (
    BadRequest,
    CatalogueUnavailable,
    InternalError,
    MethodNotAllowed,
    NotFound,
    RegistryError,
)
from wheelyard_registry.problem import problem_response

_log = logging.getLogger(__name__)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RegistryError)
    return problem_response(error, head=request.method == "HEAD")


async def _http_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return problem_response(MethodNotAllowed(method=request.method, allowed=_allowed(request)))
    missing = error.status_code == 404
    moved = _with_other_ending(request) if missing else None
    if moved is not None:
        return RedirectResponse(moved)
    refusal = NotFound(what=request.url.path) if missing else BadRequest(error.detail)
    return problem_response(refusal, head=request.method == "HEAD")


def _with_other_ending(request: Request) -> str | None:
    """The same address with a slash at its end, or without one, where only that exists. Relative, as every link here.

    Starlette's own redirect names the scheme and the host of the request, which is not what the sender of a request
    that came through a proxy has to use.
    """
    path: str = request.scope["path"]
    ending = path.endswith("/")
    other = path[:-1] if ending else f"{path}/"
    scope = {**request.scope, "path": other}
    if path.endswith("//") or all(route.matches(scope)[0] is Match.NONE for route in request.app.routes):
        return None
    last = quote(other.rstrip("/").rpartition("/")[2], safe="")
    query = f"?{request.url.query}" if request.url.query else ""
    return f"../{last}{query}" if ending else f"{last}/{query}"


def _allowed(request: Request) -> list[str]:
    """The methods of all routes of this path; the router itself names those of the first."""
    routes = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in routes for method in route.methods or ()})


async def _no_catalogue(request: Request, error: Exception) -> Response:
    assert isinstance(error, sa.exc.DatabaseError)
    _log.error("%s %s: %s", request.method, request.url.path, error.orig or error)
    return problem_response(CatalogueUnavailable(), head=request.method == "HEAD")


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem_response(InternalError())


HANDLERS: dict[object, ExceptionHandler] = {
    RegistryError: _refused,
    HTTPException: _http_refused,
    sa.exc.DatabaseError: _no_catalogue,
    Exception: _failed,
}
"""By what was raised while a request was answered."""
