"""The wheels that a raw page of the simple API lists: a second reader, which shares nothing with the engine's.

Sources: PEP 503 (HTML), 592 (yank), 691 (JSON), 700 (size, upload-time), 792 (status).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

_LONGEST_NAME = 255
"""Characters of a file name, as file systems have it. A wheel's tags are a product of parts of its name: a name without
end would have tags without end."""


class Page(NamedTuple):
    """A page as recorded: where it came from, what it was said to be, and its bytes."""

    url: str
    content_type: str
    body: bytes


class Wheel(NamedTuple):
    """A wheel as its index lists it. ``uploaded`` is what the index states, unread."""

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    yanked: bool = False
    uploaded: str | None = None


def wheels(page: Page, fits: Callable[[str], bool]) -> list[Wheel]:
    """The wheels of a page whose file name fits, none where its project is in quarantine.

    Raises:
        ValueError: the page cannot be read.
    """
    kind = page.content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json" or kind.endswith("+json"):
            return _json(page, fits)
        if kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
            return [wheel for wheel in _html(page) if fits(wheel.filename)]
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__} {error}") from error
    raise ValueError(f"nothing is known about {page.content_type!r}")


def time(text: str) -> dt.datetime:
    """A point in time as ISO 8601 has it, in UTC.

    Raises:
        ValueError: it is none, or has no zone.
    """
    found = dt.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    if found.utcoffset() is None:
        raise ValueError(f"{text!r} has no zone")
    return found.astimezone(dt.timezone.utc)


def _json(page: Page, fits: Callable[[str], bool]) -> list[Wheel]:
    document = json.loads(page.body)
    _known(document["meta"]["api-version"])
    status = document.get("project-status") or "active"
    if "quarantined" in (status, status.get("status") if isinstance(status, dict) else None):
        return []
    return [
        _entry(entry, page.url)
        for entry in document["files"]
        if _is_wheel(entry["filename"]) and fits(entry["filename"])
    ]


def _is_wheel(filename: str) -> bool:
    if len(filename) > _LONGEST_NAME:
        raise ValueError(f"it lists a file name of {len(filename)} characters")
    return filename.endswith(".whl")


def _entry(entry: dict[str, Any], base: str) -> Wheel:
    size = entry.get("size")
    if size is not None and type(size) is not int:
        raise ValueError(f"{size!r} is no size")
    return Wheel(
        filename=entry["filename"],
        url=urljoin(base, entry["url"]) if not entry["url"].startswith("https://") else entry["url"],
        sha256=_text(entry["hashes"].get("sha256")),
        size=size,
        requires_python=_text(entry.get("requires-python")),
        yanked=entry.get("yanked") not in (None, False),
        uploaded=_text(entry.get("upload-time")),
    )


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value


def _known(version: object) -> None:
    if not str(version).startswith("1."):
        raise ValueError(f"version {version} of the simple API is not known")


def _html(page: Page) -> list[Wheel]:
    anchors = _Anchors(page.url)
    anchors.feed(page.body.decode())
    anchors.close()
    return [] if anchors.quarantined else anchors.wheels


class _Anchors(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.wheels: list[Wheel] = []
        self.quarantined = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        match tag, found.get("name"), found.get("href"):
            case "meta", "pypi:repository-version", _:
                _known(found.get("content") or "1.0")
            case "meta", "pypi:project-status", _:
                self.quarantined = found.get("content") == "quarantined"
            case "base", _, str(target) if target:
                self._base = urljoin(self._base, target)
            case "a", _, str(target) if target:
                self._anchor(target, found)

    def _anchor(self, target: str, found: dict[str, str]) -> None:
        url, fragment = urldefrag(urljoin(self._base, target))
        filename = unquote(urlsplit(url).path.rpartition("/")[2])
        algorithm, _, digest = fragment.partition("=")
        if _is_wheel(filename):
            sha256 = digest if algorithm.lower() == "sha256" and digest else None
            python = found.get("data-requires-python") or None
            self.wheels.append(Wheel(filename, url, sha256, None, python, "data-yanked" in found))
