"""The source distribution of a release: found on the project's page, fetched, its hash checked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import httpx
from packaging.utils import InvalidSdistFilename, NormalizedName, parse_sdist_filename
from packaging.version import Version

from wheelyard_cli.transfer import Transfer
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.page import DistributionFile, ProjectPage, RawPage, parse_page

_CHUNK = 1 << 20


class Pages(Protocol):
    """Where project pages come from."""

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """The pages of projects."""
        ...


def find_sdist(index: Pages, project: NormalizedName, version: Version) -> DistributionFile:
    """The sdist of a release.

    Raises:
        InputError: there is none, or its index states no sha256.
    """
    raw = index.pages([project])[project]
    if raw is None:
        raise InputError(f"the index has no project {project}", hint="check the name and --index-url")
    found = _sdist(parse_page(project, raw), version)
    if found is None:
        raise InputError(
            f"the index has no source distribution of {project} {version}", hint="see its page for versions and files"
        )
    if found.sha256 is None:
        raise InputError(f"the index states no sha256 for {found.filename}", hint="build from an index that does")
    return found


def _sdist(page: ProjectPage, version: Version) -> DistributionFile | None:
    for file in page.files:
        try:
            if parse_sdist_filename(file.filename) == (page.project, version):
                return file
        except InvalidSdistFilename:
            continue
    return None


def fetch(transfer: Transfer, file: DistributionFile, directory: Path) -> Path:
    """The file, in a directory.

    Raises:
        Undecided: it cannot be read.
        InputError: its hash is not the one that its index states.
    """
    path = directory / file.filename

    def take(response: httpx.Response) -> str:
        digest = hashlib.sha256()
        with path.open("wb") as sink:
            for chunk in response.iter_bytes(_CHUNK):
                digest.update(chunk)
                sink.write(chunk)
        return digest.hexdigest()

    found = transfer.read(file.url, {"Accept": "*/*"}, take, expected={200})
    if found != file.sha256:
        path.unlink()
        raise InputError(
            f"{file.filename} has the hash sha256:{found}, its index says sha256:{file.sha256}",
            hint="do not use it; ask whoever runs the index",
        )
    return path
