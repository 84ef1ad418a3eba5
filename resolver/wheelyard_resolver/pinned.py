"""The versions that a lock pins. Source: PEP 751."""

from __future__ import annotations

from posixpath import basename
from urllib.parse import unquote, urlsplit

from packaging.pylock import Package
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version


def pinned_version(package: Package) -> Version | None:
    """The version of a package of a lock: the stated one, or that of the wheel of a direct reference; else None."""
    if package.version is not None or package.archive is None or package.archive.url is None:
        return package.version
    try:
        return parse_wheel_filename(basename(unquote(urlsplit(package.archive.url).path)))[1]
    except InvalidWheelFilename:
        return None
