"""What PyPI offered the fleet of ``bench/energy-40.toml``: releases, sizes, days and dependencies, kept small.

``python -m tests.scenarios.energy_world SNAPSHOT`` writes it down from a snapshot such as ``make bench-resolver``
records. Of each release it keeps the wheel that the fleet's target would get or, where it gets none, files that show
why; wheels without readable METADATA are left out. Addresses and hashes are made up: nothing can be downloaded.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import sqlite3
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from packaging.version import Version
from tests.scenarios.real_world import TARGET, RealWorld, facts_of, installs

from wheelyard_cli.fleet_file import read_fleet
from wheelyard_resolver.candidates import list_candidates, version_of
from wheelyard_resolver.model import CandidatePolicy
from wheelyard_resolver.page import DistributionFile, ProjectPage, RawPage, parse_page

FACTS = Path(__file__).with_name("energy-40-world.json.xz")
ENERGY_40 = Path(__file__).parents[2] / "bench" / "energy-40.toml"
_FIELDS = ("name", "version", "requires-python", "extras", "requires")


def energy_world() -> RealWorld:
    """The world on the day from which on the fleet excludes files."""
    facts = json.loads(lzma.decompress(FACTS.read_bytes()))
    files = {project: [_entry(*file) for file in listed] for project, listed in facts["files"].items()}
    metadata = {_url(name): dict(zip(_FIELDS, held, strict=True)) for name, held in facts["metadata"].items()}
    return RealWorld(files, metadata)


def _entry(name: str, size: int | None, day: str, requires_python: str | None, yanked: str | None) -> dict[str, Any]:
    return {
        "filename": name,
        "url": _url(name),
        "hashes": {"sha256": hashlib.sha256(name.encode()).hexdigest()},
        "size": size,
        "upload-time": f"{day}T00:00:00Z",
        "requires-python": requires_python,
        "yanked": False if yanked is None else yanked or True,
    }


def _url(filename: str) -> str:
    return f"https://files.example/{filename}"


def _recorded(snapshot: Path) -> dict[str, object]:
    policy = read_fleet(ENERGY_40).policy
    with closing(sqlite3.connect(snapshot)) as connection:
        pages = connection.execute(
            "SELECT project, url, content_type, zlib FROM page JOIN blob USING (sha256) ORDER BY project"
        )
        kept = {
            project: list(_kept(parse_page(project, RawPage(url, kind, zlib.decompress(body))), policy))
            for project, url, kind, body in pages
        }
        read = dict(connection.execute("SELECT url, zlib FROM metadata LEFT JOIN blob USING (sha256)"))
    unreadable = {url for url, content in read.items() if content is None}
    files = {
        project: [_written(file) for file in listed if file.url not in unreadable] for project, listed in kept.items()
    }
    known = (file for listed in kept.values() for file in listed if read.get(file.url) is not None)
    return {"files": files, "metadata": {file.filename: _facts(read[file.url]) for file in known}}


def _kept(page: ProjectPage, policy: CandidatePolicy) -> Iterator[DistributionFile]:
    usable = {each.version: each.wheel for each in list_candidates(page.project, page, TARGET, policy).usable}
    others: dict[tuple[Version, str], DistributionFile] = {}
    for file in page.files:
        version = version_of(file.filename)
        if (
            version is None
            or file.upload_time is None
            or file.upload_time >= (policy.exclude_newer or file.upload_time)
        ):
            continue
        if version not in usable:
            kind = "sdist" if not file.filename.endswith(".whl") else "fits" if installs(file.filename) else "other"
            others.setdefault((version, kind), file)
    yield from usable.values()
    yield from others.values()


def _was_there(file: DistributionFile, policy: CandidatePolicy) -> bool:
    assert policy.exclude_newer is not None, "the fleet says from when on files are too new"
    return file.upload_time is not None and file.upload_time < policy.exclude_newer


def _written(file: DistributionFile) -> list[object]:
    day = None if file.upload_time is None else str(file.upload_time.date())
    return [file.filename, file.size, day, file.requires_python, file.yanked]


def _facts(compressed: bytes) -> list[object]:
    facts: Mapping[str, object] = facts_of(zlib.decompress(compressed))
    return [facts[name] for name in _FIELDS]


if __name__ == "__main__":
    text = json.dumps(_recorded(Path(sys.argv[1])), separators=(",", ":"))
    FACTS.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
