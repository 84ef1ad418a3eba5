"""A project page of the simple API, JSON or HTML, as a frozen value.

Sources: PEP 503 (HTML), 592 (yank), 658 and 714 (core metadata), 691 (JSON), 700 (size, upload-time), 740
(provenance), 792 (status).
"""

from __future__ import annotations

import datetime as dt
import html.parser
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from packaging.utils import NormalizedName

from wheelyard_resolver.errors import UnreadablePage

JSON_V1 = "application/vnd.pypi.simple.v1+json"
HTML_V1 = "application/vnd.pypi.simple.v1+html"
ACCEPT = f"{JSON_V1}, {HTML_V1};q=0.2, text/html;q=0.1"
"""What a client that reads both forms sends as ``Accept``."""


@dataclass(frozen=True, slots=True)
class RawPage:
    """A project page as received. ``url`` is where it came from, after redirects: file links are relative to it."""

    url: str
    content_type: str
    body: bytes

    @property
    def index_url(self) -> str:
        """The URL of the index that it is a page of: one level up (PEP 503)."""
        return self.url.rstrip("/").rpartition("/")[0] + "/"


@dataclass(frozen=True, slots=True)
class DistributionFile:
    """One file of a project page.

    ``yanked`` is None, or the reason (empty when none was given). ``upload_time`` is aware, in UTC.
    ``core_metadata`` is None where the index offers no PEP 658 file, else its sha256 ("" when not stated).
    ``provenance`` is the absolute URL of its attestations (PEP 740).
    """

    filename: str
    url: str
    sha256: str | None = None
    size: int | None = None
    requires_python: str | None = None
    yanked: str | None = None
    upload_time: dt.datetime | None = None
    core_metadata: str | None = None
    provenance: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """The files of one project. ``status`` is its PEP 792 status marker, ``status_reason`` what it says of that."""

    project: NormalizedName
    files: tuple[DistributionFile, ...]
    status: str = "active"
    status_reason: str | None = None


def parse_page(project: NormalizedName, raw: RawPage) -> ProjectPage:
    """Read a raw page by its content type.

    Raises:
        UnreadablePage: the body is not what its content type says, or of a major version other than 1.
    """
    kind = raw.content_type.partition(";")[0].strip().lower()
    try:
        if kind.endswith("+json") or kind == "application/json":
            return _from_json(project, raw)
        if kind in {HTML_V1, "text/html"}:
            return _from_html(project, raw)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadablePage(url=raw.url, reason=f"{type(error).__name__}: {error}") from error
    raise UnreadablePage(url=raw.url, reason=f"its content type is {raw.content_type!r}")


def _from_json(project: NormalizedName, raw: RawPage) -> ProjectPage:
    document = json.loads(raw.body)
    _check_major(str(document["meta"]["api-version"]))
    # PEP 792 puts the status at top level; the sample in the specification shows it under "meta".
    status = document.get("project-status") or {}
    stated = status if isinstance(status, dict) else {"status": str(status)}
    return ProjectPage(
        project=project,
        files=tuple(_json_file(entry, raw.url) for entry in document["files"]),
        status=stated.get("status", "active"),
        status_reason=stated.get("reason") or None,
    )


def _json_file(entry: dict[str, Any], base: str) -> DistributionFile:
    yanked = entry.get("yanked", False)
    metadata = entry.get("core-metadata", entry.get("dist-info-metadata", False))
    url = entry["url"]
    uploaded = entry.get("upload-time")
    return DistributionFile(
        filename=entry["filename"],
        url=url if url.startswith("https://") else urljoin(base, url),
        sha256=entry["hashes"].get("sha256"),
        size=entry.get("size"),
        requires_python=entry.get("requires-python") or None,
        yanked=None if yanked is False or yanked is None else yanked if isinstance(yanked, str) else "",
        upload_time=parse_time(uploaded) if uploaded else None,
        core_metadata=None if not metadata else metadata.get("sha256", "") if isinstance(metadata, dict) else "",
        provenance=_absolute(entry.get("provenance")),
    )


def parse_time(text: str) -> dt.datetime:
    """An ISO 8601 time with its zone, as an aware datetime in UTC (Python 3.10 does not know ``Z``)."""
    time = dt.datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return time.astimezone(dt.timezone.utc)


def _check_major(version: str) -> None:
    # PEP 629: a client must refuse a major version it does not know.
    if version.partition(".")[0] != "1":
        raise ValueError(f"simple API version {version} is not 1.x")


class _Links(html.parser.HTMLParser):
    """Collects the anchors of a PEP 503 page, honours ``<base href>`` and checks the API version."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.base = url
        self.files: list[DistributionFile] = []
        self.status = "active"
        self.status_reason: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "base" and given.get("href"):
            self.base = urljoin(self.base, given["href"] or "")
        elif tag == "meta" and given.get("name") == "pypi:repository-version":
            _check_major(given.get("content") or "1.0")
        elif tag == "meta" and given.get("name") == "pypi:project-status":
            self.status = given.get("content") or "active"
        elif tag == "meta" and given.get("name") == "pypi:project-status-reason":
            self.status_reason = given.get("content") or None
        elif tag == "a" and given.get("href"):
            self.files.append(self._file(given))

    def _file(self, given: dict[str, str | None]) -> DistributionFile:
        url, fragment = urldefrag(urljoin(self.base, given["href"] or ""))
        metadata = given.get("data-core-metadata", given.get("data-dist-info-metadata", "none"))
        return DistributionFile(
            filename=unquote(urlsplit(url).path.rpartition("/")[2]),
            url=url,
            sha256=_sha256(fragment),
            requires_python=given.get("data-requires-python") or None,
            yanked=(given["data-yanked"] or "") if "data-yanked" in given else None,
            core_metadata=None if metadata in {"none", "false"} else _sha256(metadata or "") or "",
            provenance=_absolute(given.get("data-provenance")),
        )


def _sha256(text: str) -> str | None:
    name, _, digest = text.partition("=")
    return digest if name.lower() == "sha256" and digest else None


def _absolute(url: object) -> str | None:
    # PEP 740 wants a full URL, so that it stays true where the page is mirrored; anything else says nothing.
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None


def _from_html(project: NormalizedName, raw: RawPage) -> ProjectPage:
    links = _Links(raw.url)
    links.feed(raw.body.decode("utf-8"))
    links.close()
    return ProjectPage(
        project=project, files=tuple(links.files), status=links.status, status_reason=links.status_reason
    )
