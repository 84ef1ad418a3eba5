"""A data directory of Wheelyard with very many files, as their uploads would leave it, made in one transaction.

python bench/large_registry.py DIRECTORY PROJECTS
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path

import sqlalchemy as sa
from registry_corpus import project_names, small_wheels
from registry_peers import Wheel

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.audit import BEFORE_THE_FIRST, link_of
from wheelyard_registry.catalogue.database import Database, utc_now
from wheelyard_registry.distribution import parse_filename
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import open_blobs

BATCH = 1000
NOW = utc_now()


def make(directory: Path, projects: int) -> None:
    """Make the directory, with so many projects of ten files."""
    settings = Settings(data=directory, upstreams=())
    directory.mkdir()
    blobs, names = open_blobs(settings), project_names(projects)
    wheels, serials, link = small_wheels(names), count(1), BEFORE_THE_FIRST
    with closing(Database(settings.database_url)) as database:
        database.migrate()
        with database.write() as connection:
            values = [{"name": name, "serial": 1, "created_at": NOW, "status": "active"} for name in names]
            connection.execute(sa.insert(tables.project), values)
            while batch := list(islice(wheels, BATCH)):
                events = []
                for one, event in zip(batch, _events(batch, serials, link), strict=True):
                    blobs.path(one.sha256).write_bytes(one.data)
                    events.append(event)
                link = str(events[-1]["link"])
                connection.execute(sa.insert(tables.event), events)
                contents = [{"sha256": _digest(one.metadata), "body": one.metadata} for one in batch]
                connection.execute(sa.insert(tables.core_metadata), contents)
                pairs = zip(batch, events, strict=True)
                connection.execute(sa.insert(tables.file), [_file(one, event["serial"]) for one, event in pairs])


def _events(batch: list[Wheel], serials: Iterator[int], link: str) -> Iterator[dict[str, object]]:
    for one in batch:
        facts = {"project": one.project, "version": one.version, "sha256": one.sha256}
        serial, subject = next(serials), one.filename
        link = link_of(link, serial=serial, at=NOW, kind="file-added", subject=subject, facts=facts, by="bench")
        event = {"serial": serial, "at": NOW, "kind": "file-added", "subject": subject, "facts": facts, "by": "bench"}
        yield {**event, "link": link}


def _file(one: Wheel, serial: object) -> dict[str, object]:
    return {
        "filename": one.filename,
        "identity": parse_filename(one.filename).identity,
        "project": one.project,
        "version": one.version,
        "sha256": one.sha256,
        "size": len(one.data),
        "metadata_sha256": _digest(one.metadata),
        "uploaded_at": NOW,
        "added_at": NOW,
        "uploaded_by": "bench",
        "serial": serial,
    }


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    make(Path(sys.argv[1]).absolute(), int(sys.argv[2]))
