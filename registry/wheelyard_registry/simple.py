"""Pages of the simple API, version 1.4, from frozen values to bytes.

Sources: the simple repository API specification; PEP 503 (HTML), 592 (yank), 629 (version), 658 and 714 (core
metadata), 691 (JSON), 700 (size, upload-time, versions), 740 (provenance), 792 (status), 833 (HTML stays at 1.4).
"""

from __future__ import annotations

import datetime as dt
import html
import json
from collections.abc import Iterable
from urllib.parse import quote

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from wheelyard_resolver.page import DistributionFile, ProjectPage

API_VERSION = "1.4"

SIZELESS_VERSION = "1.0"
"""Stated by a page on which a file has no size, because upstream does not tell: from 1.1 on a size is a must."""


def file_url(project: NormalizedName, filename: str) -> str:
    """Where a file is, relative to its project's page: pages stay true behind any host name or path prefix."""
    return f"../../files/{project}/{quote(filename)}"


def project_json(page: ProjectPage, *, serial: int | None) -> bytes:
    """A project page as ``application/vnd.pypi.simple.v1+json``."""
    document = {
        "meta": _meta(serial, _version(page)),
        "name": page.project,
        "project-status": {"status": page.status, **({"reason": page.status_reason} if page.status_reason else {})},
        "versions": versions(page.files),
        "files": [_json_file(file) for file in page.files],
    }
    return _dump(document)


def _json_file(file: DistributionFile) -> dict[str, object]:
    entry: dict[str, object] = {
        "filename": file.filename,
        "url": file.url,
        "hashes": {"sha256": file.sha256} if file.sha256 else {},
        "requires-python": file.requires_python,
        "yanked": False if file.yanked is None else file.yanked or True,
        "core-metadata": _json_metadata(file.core_metadata),
        "provenance": file.provenance,
    }
    if file.size is not None:
        entry["size"] = file.size
    if file.upload_time is not None:
        entry["upload-time"] = _time(file.upload_time)
    return entry


def _json_metadata(sha256: str | None) -> object:
    if sha256 is None:
        return False
    return {"sha256": sha256} if sha256 else True


def project_html(page: ProjectPage, *, serial: int | None) -> bytes:
    """A project page as ``application/vnd.pypi.simple.v1+html`` or ``text/html``."""
    status = [] if page.status == "active" else [_meta_tag("pypi:project-status", page.status)]
    status += [_meta_tag("pypi:project-status-reason", page.status_reason)] if page.status_reason else []
    lines = [_anchor(file) for file in page.files]
    return _document(f"Links for {page.project}", lines, extra=[*status, *_serial_comment(serial)])


def _anchor(file: DistributionFile) -> str:
    fragment = f"#sha256={file.sha256}" if file.sha256 else ""
    attributes = [("href", file.url + fragment)]
    if file.requires_python:
        attributes.append(("data-requires-python", file.requires_python))
    if file.yanked is not None:
        attributes.append(("data-yanked", file.yanked))
    if file.core_metadata is not None:
        offered = f"sha256={file.core_metadata}" if file.core_metadata else "true"
        # The second name is the one that PEP 658 printed by mistake; older clients know only that (PEP 714).
        attributes += [("data-core-metadata", offered), ("data-dist-info-metadata", offered)]
    if file.provenance is not None:
        attributes.append(("data-provenance", file.provenance))
    written = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes)
    return f"<a {written}>{html.escape(file.filename)}</a><br>"


def names_json(names: Iterable[NormalizedName]) -> bytes:
    """The list of projects as JSON."""
    return _dump({"meta": _meta(None, API_VERSION), "projects": [{"name": name} for name in names]})


def names_html(names: Iterable[NormalizedName]) -> bytes:
    """The list of projects as HTML."""
    return _document("Simple index", [f'<a href="{name}/">{name}</a><br>' for name in names])


def versions(files: Iterable[DistributionFile]) -> list[str]:
    """The versions that have a file, in order (PEP 700). Names that are neither wheel nor sdist count for nothing."""
    found: set[Version] = set()
    # A release may have a hundred wheels, and reading all their names takes a third of the time that a page takes.
    of_wheels: set[str] = set()
    for file in files:
        try:
            if not file.filename.endswith(".whl"):
                found.add(parse_sdist_filename(file.filename)[1])
            elif (text := file.filename.partition("-")[2].partition("-")[0]) not in of_wheels:
                found.add(parse_wheel_filename(file.filename)[1])
                of_wheels.add(text)
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
    return [str(version) for version in sorted(found)]


def _version(page: ProjectPage) -> str:
    return API_VERSION if all(file.size is not None for file in page.files) else SIZELESS_VERSION


def _meta(serial: int | None, version: str) -> dict[str, object]:
    meta: dict[str, object] = {"api-version": version}
    if serial is not None:
        meta["_last-serial"] = serial
    return meta


def _time(time: dt.datetime) -> str:
    # Twice as fast as strftime: a page may have ten thousand.
    return time.astimezone(dt.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _dump(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def _meta_tag(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{html.escape(content)}">'


def _serial_comment(serial: int | None) -> list[str]:
    return [] if serial is None else [f"<!-- serial {serial} -->"]


def _document(title: str, lines: list[str], *, extra: Iterable[str] = ()) -> bytes:
    head = ['<meta charset="utf-8">', _meta_tag("pypi:repository-version", API_VERSION), *extra]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            *head,
            f"<title>{html.escape(title)}</title>",
            "</head>",
            "<body>",
            f"<h1>{html.escape(title)}</h1>",
            *lines,
            "</body>",
            "</html>",
            "",
        ]
    ).encode()
