"""Lists of the JSON API, a page at a time: ``after`` and ``limit`` in, ``next`` and a ``Link`` (RFC 8288) out."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.errors import InvalidField
from wheelyard_registry.json_body import count_of

LARGEST = 1000
"""Most entries of one answer, and how many it has unless fewer are asked for."""


def limit_of(request: Request) -> int:
    """How many entries are asked for.

    Raises:
        InvalidField: none, too many, or no number.
    """
    limit = count_of(request, "limit", LARGEST)
    if not 1 <= limit <= LARGEST:
        raise InvalidField([f"limit must be from 1 to {LARGEST}"])
    return limit


def page_answer(request: Request, content: Mapping[str, object], following: int | str | None) -> Response:
    """A page, with what ``after`` is for the one that follows; None on the last."""
    answer = JSONResponse({**content, "next": following})
    if following is not None:
        # Relative to the address asked for, so that it is right behind any proxy.
        answer.headers["Link"] = f'<?{request.url.include_query_params(after=following).query}>; rel="next"'
    return answer
