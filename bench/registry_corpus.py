"""What the read benchmark reads: many projects of ten small wheels, one of a thousand versions, one large wheel."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from registry_peers import Running, Wheel, wheel
from registry_uploads import expect

LARGE = 300_000_000
MANY = "many-versions"
BIG = "big-wheel"
TREE = 100
"""Projects that the first one needs, itself among them: each needs two others until there are so many."""

FILES_EACH = 10
VERSIONS = 1000


@dataclass(frozen=True)
class Corpus:
    """The files of ``projects``, of :data:`MANY` and of :data:`BIG`, in ``directory``, in a folder for each project."""

    directory: Path
    projects: tuple[str, ...]
    large: str
    size: int

    @property
    def count(self) -> int:
        """All files."""
        return len(self.projects) * FILES_EACH + VERSIONS + 1

    @property
    def tree(self) -> tuple[str, ...]:
        """The projects that an installation of the first one installs."""
        return self.projects[:TREE]

    def files(self, project: str) -> list[Path]:
        """The files of a project, oldest first."""
        return sorted((self.directory / project).iterdir(), key=lambda path: [len(path.name), path.name])


def made_corpus(directory: Path, projects: int, size: int) -> Corpus:
    """A corpus with so many projects of ten files, and a large wheel of about ``size`` bytes."""
    names = project_names(projects)
    for one in small_wheels(names):
        _keep(directory, one)
    for number in range(VERSIONS):
        _keep(directory, wheel(MANY, f"1.{number}", 3_000))
    large = wheel(BIG, "1.0", size)
    _keep(directory, large)
    return Corpus(directory, names, large.filename, len(large.data))


def project_names(count: int) -> tuple[str, ...]:
    """The names of so many projects."""
    return tuple(f"project-{number:05}" for number in range(count))


def small_wheels(projects: Sequence[str]) -> Iterator[Wheel]:
    """The wheels of these projects, made as they are asked for."""
    tree = projects[:TREE]
    for place, project in enumerate(projects):
        needed = tree[2 * place + 1 : 2 * place + 3]
        for number in range(FILES_EACH):
            yield wheel(project, f"1.{number}", 3_000, requires=needed)


def _keep(directory: Path, one: Wheel) -> None:
    (directory / one.project).mkdir(parents=True, exist_ok=True)
    (directory / one.project / one.filename).write_bytes(one.data)


def fill(server: Running, corpus: Corpus, *, patience: float = float("inf")) -> int:
    """Upload a corpus, eight files at a time; how many versions of :data:`MANY` came in within ``patience`` seconds."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: _upload(server, corpus, corpus.projects[number::8]), range(8)))
    _upload(server, corpus, [BIG])
    return _upload(server, corpus, [MANY], patience)


def _upload(server: Running, corpus: Corpus, projects: Sequence[str], patience: float = float("inf")) -> int:
    connection, sent, deadline = server.connect(), 0, time.monotonic() + patience
    for project in projects:
        for path in corpus.files(project):
            if time.monotonic() > deadline:
                break
            one = Wheel(path.name, project, path.name.split("-")[1], path.read_bytes())
            expect(server, server.upload(connection, one.form()))
            sent += 1
    connection.close()
    return sent


def read_token(server: Running, projects: Sequence[str]) -> str:
    """A token of ours that may read these projects, by patterns, and nothing else."""
    connection = server.connect()
    body = {"label": "reads", "rights": ["read"], "projects": list(projects)}
    headers = {"Authorization": server.authorization, "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/tokens", body=json.dumps(body), headers=headers)
    made = json.loads(connection.getresponse().read())
    connection.close()
    return str(made["token"])
