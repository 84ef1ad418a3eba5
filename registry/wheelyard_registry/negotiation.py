"""Which form of a page a client gets, in which encoding, and whether it has it (PEP 691; RFC 9110, 12.5 and 13.1)."""

from __future__ import annotations

from collections.abc import Sequence

from wheelyard_registry.errors import NotAcceptable
from wheelyard_resolver.page import HTML_V1, JSON_V1

TEXT_HTML = "text/html"
OFFERED = (JSON_V1, HTML_V1, TEXT_HTML)
"""In order of preference, where a client weighs them the same."""

_STANDS_FOR = {
    **{media_type: media_type for media_type in OFFERED},
    "application/vnd.pypi.simple.latest+json": JSON_V1,
    "application/vnd.pypi.simple.latest+html": HTML_V1,
    "application/*": JSON_V1,
    # PEP 691: a client that does not say what it can read is an old one, or a browser.
    "text/*": TEXT_HTML,
    "*/*": TEXT_HTML,
}


def choose(accept: str | None, wanted_format: str | None) -> str:
    """The media type to serve, from the ``Accept`` header or, if given, the ``format`` of the query.

    Raises:
        NotAcceptable: the client names only types that these pages do not have.
    """
    if wanted_format is not None:
        # A plus sign in a query means a space unless it was escaped; people do not escape it.
        accept = wanted_format.replace(" ", "+")
    if accept is None or not accept.strip():
        return TEXT_HTML
    weights: dict[str, float] = {}
    for media_type, weight in _weighed(accept):
        served = _STANDS_FOR.get(media_type)
        if served is not None:
            weights[served] = max(weight, weights.get(served, 0.0))
    best = max(OFFERED, key=lambda media_type: weights.get(media_type, 0.0))
    if not weights.get(best):
        raise NotAcceptable(known=OFFERED)
    return best


def choose_encoding(accept_encoding: str | None, offered: Sequence[str]) -> str | None:
    """The content coding to serve, from the ``Accept-Encoding`` header; None for the bytes as they are.

    A client that refuses even those gets them all the same, which RFC 9110 allows.
    """
    weights = dict(_weighed(accept_encoding or ""))
    rest = weights.get("*", 0.0)
    best = max(offered, key=lambda coding: weights.get(coding, rest))
    return best if weights.get(best, rest) > 0 else None


def matches(header: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names this entity tag, compared weakly (RFC 9110, 13.1.2)."""
    if header is None:
        return False
    return header.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in header.split(","))


def _weighed(accept: str) -> list[tuple[str, float]]:
    entries = []
    for part in accept.split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                weight = _weight(value)
        entries.append((media_type.lower(), weight))
    return entries


def _weight(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0
