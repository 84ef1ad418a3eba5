"""Errors as ``application/problem+json`` (RFC 9457).

uv prints ``detail``; twine looks for the words "already exist" in the body; people read ``hint``.
"""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.responses import Response

from wheelyard_registry.check_errors import Busy, CheckUndecided
from wheelyard_registry.errors import (
    MethodNotAllowed,
    RangeNotSatisfiable,
    RegistryError,
    TooManyAttempts,
    Unauthenticated,
)

MEDIA_TYPE = "application/problem+json"


def problem_response(error: RegistryError, *, head: bool = False) -> Response:
    """The response that says what was wrong and what to do."""
    document = {
        "type": f"urn:wheelyard:problem:{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": f"{error.message} (hint: {error.hint})",
        "message": error.message,
        "hint": error.hint,
    }
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Basic realm="wheelyard", charset="UTF-8"'
    if isinstance(error, (TooManyAttempts, Busy, CheckUndecided)):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, RangeNotSatisfiable):
        headers["Content-Range"] = f"bytes */{error.size}"
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    body = b"" if head else json.dumps(document).encode()
    return Response(body, status_code=error.status, headers=headers, media_type=MEDIA_TYPE)
