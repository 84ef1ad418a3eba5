"""Facts of real projects, kept so that what the README shows can be run again without a network.

``python -m tests.scenarios.real_world SNAPSHOT > tests/scenarios/examples-world.json`` writes down, of a snapshot
made by ``wheelyard bases propose --fleet examples/fleet.toml --snapshot SNAPSHOT``, by the other commands of the README
and by ``python -m tests.scenarios.test_three_models SNAPSHOT``, what the target of the examples sees: files with their
hashes and times, and the dependencies of each release whose metadata was read.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.metadata import parse_email
from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename

from wheelyard_cli.routing import Routing
from wheelyard_cli.snapshot_file import SnapshotFile
from wheelyard_resolver.page import JSON_V1, DistributionFile, RawPage
from wheelyard_resolver.target import Target

TARGET = Target.parse("3.11", "manylinux_2_28_x86_64")
FACTS = Path(__file__).with_name("examples-world.json")
_KEPT = ("filename", "url", "hashes", "size", "requires-python", "upload-time", "yanked")


Fields = Mapping[str, Any]


class RealWorld:
    """Implements :class:`wheelyard_resolver.index.Index` from recorded facts.

    ``files`` are the entries of a page (PEP 691) by project, ``requires`` what METADATA says by the URL of its wheel.
    """

    def __init__(self, files: Mapping[str, list[dict[str, Any]]], requires: Mapping[str, Fields]) -> None:
        self._files = files
        self._requires = requires

    def projects(self) -> list[NormalizedName]:
        """All projects there are facts of."""
        return [canonicalize_name(name) for name in self._files]

    def known_metadata(self) -> list[DistributionFile]:
        """The files whose metadata is among the facts."""
        return [DistributionFile(url.rpartition("/")[2], url) for url in self._requires]

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See Index."""
        return {project: self._page(project) for project in projects}

    def _page(self, project: NormalizedName) -> RawPage | None:
        if project not in self._files:
            return None
        body = {"meta": {"api-version": "1.1"}, "name": project, "files": self._files[project]}
        return RawPage(f"https://pypi.org/simple/{project}/", JSON_V1, json.dumps(body).encode())

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See Index."""
        return {file.url: _rendered(self._requires[file.url]) for file in files}


def examples_world() -> RealWorld:
    """What the examples of the README need."""
    facts = json.loads(FACTS.read_text())
    return RealWorld(facts["files"], facts["metadata"])


def make_snapshot(path: Path, world: RealWorld) -> Path:
    """All the facts of a world as a snapshot file."""
    with SnapshotFile(path, world, Routing()) as snapshot:
        snapshot.pages(world.projects())
        snapshot.metadata(world.known_metadata())
    return path


def _rendered(fields: Fields) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {fields['name']}", f"Version: {fields['version']}"]
    lines += [f"Provides-Extra: {extra}" for extra in fields["extras"]]
    lines += [f"Requires-Dist: {requirement}" for requirement in fields["requires"]]
    if fields["requires-python"]:
        lines.append(f"Requires-Python: {fields['requires-python']}")
    return ("\n".join(lines) + "\n\n").encode()


def _recorded(snapshot: Path) -> dict[str, object]:
    connection = sqlite3.connect(snapshot)
    pages = connection.execute("SELECT project, zlib FROM page JOIN blob USING (sha256) ORDER BY project")
    files = {project: list(_seen_files(json.loads(zlib.decompress(body)))) for project, body in pages}
    rows = connection.execute("SELECT url, zlib FROM metadata JOIN blob USING (sha256) ORDER BY url")
    metadata = {url: facts_of(zlib.decompress(body)) for url, body in rows}
    return {"files": files, "metadata": metadata}


def _seen_files(page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for file in page["files"]:
        if not file["filename"].endswith(".whl") or installs(file["filename"]):
            yield {key: file[key] for key in _KEPT if file.get(key) not in (None, False)}


def installs(filename: str) -> bool:
    """Whether a wheel can be installed on the target, by its name."""
    try:
        return bool(parse_wheel_filename(filename)[3] & TARGET.tags.keys())
    except InvalidWheelFilename:
        return False


def facts_of(content: bytes) -> dict[str, object]:
    """What a METADATA file says of dependencies."""
    fields, _ = parse_email(content)
    return {
        "name": fields.get("name"),
        "version": fields.get("version"),
        "requires-python": fields.get("requires_python"),
        "extras": fields.get("provides_extra", []),
        "requires": fields.get("requires_dist", []),
    }


if __name__ == "__main__":
    print(json.dumps(_recorded(Path(sys.argv[1])), indent=0))
