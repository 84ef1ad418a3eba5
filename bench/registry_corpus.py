"""What the read benchmark reads: many projects of ten small wheels, one of a thousand versions, one large wheel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from registry_peers import Running, Wheel, wheel
from registry_uploads import expect

LARGE = 300_000_000
MANY = "many-versions"
BIG = "big-wheel"


@dataclass(frozen=True)
class Corpus:
    """The projects of ten files each; :data:`MANY` and :data:`BIG` are there too."""

    projects: tuple[str, ...]
    large: Wheel
    files_each: int = 10
    versions: int = 1000

    @property
    def count(self) -> int:
        """All files."""
        return len(self.projects) * self.files_each + self.versions + 1

    def small(self) -> Iterator[Wheel]:
        """The small wheels, made as they are asked for."""
        for project in self.projects:
            for number in range(self.files_each):
                yield wheel(project, f"1.{number}", 3_000)
        for number in range(self.versions):
            yield wheel(MANY, f"1.{number}", 3_000)


def made_corpus(projects: int, size: int) -> Corpus:
    """A corpus with so many projects of ten files, and a large wheel of about ``size`` bytes."""
    return Corpus(tuple(f"project-{number:05}" for number in range(projects)), wheel(BIG, "1.0", size))


def fill(server: Running, corpus: Corpus) -> str:
    """Upload a corpus, eight files at a time; a token that may read these projects and nothing else."""
    with ThreadPoolExecutor(8) as pool:
        wheels = corpus.small()
        while some := list(islice(wheels, 4000)):
            shares = [[one.form() for one in some[number::8]] for number in range(8)]
            list(pool.map(lambda forms: _upload(server, forms), shares))
    _upload(server, [corpus.large.form()])
    return _read_token(server)


def _upload(server: Running, forms: list[bytes]) -> None:
    connection = server.connect()
    for form in forms:
        expect(server, server.upload(connection, form))
    connection.close()


def _read_token(server: Running) -> str:
    connection = server.connect()
    body = {"label": "reads", "rights": ["read"], "projects": ["project-*", MANY, BIG]}
    headers = {"Authorization": server.authorization, "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/tokens", body=json.dumps(body), headers=headers)
    made = json.loads(connection.getresponse().read())
    connection.close()
    return str(made["token"])
