"""The records that a certificate rests on, each held against the hash by which the certificate names it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Protocol

from packaging.utils import NormalizedName

from wheelyard_resolver.errors import Undecided
from wheelyard_resolver.verify.index_page import Page

ABSENT = "absent"
"""What stands in place of a hash where the index has no such project, or the wheel no readable METADATA."""


class RefutedEvidence(Exception):
    """The records are not what the certificate says, or do not hold what it rests on."""


class MissingEvidence(Undecided):
    """A record that the certificate names is not in the snapshot given."""

    def __init__(self, *, what: str) -> None:
        super().__init__(
            f"the snapshot does not hold the {what}, on which the certificate rests",
            hint="give the snapshot that the proposal was made from: --snapshot FILE",
        )


class Source(Protocol):
    """A snapshot as stored. What it says is believed only as far as its hash is the one that is named."""

    def pages(self, project: str) -> Iterable[Page | None]:
        """Every recorded page of a project, of whatever index; None for a project known not to exist."""
        ...

    def metadata(self, url: str) -> Iterable[bytes | None]:
        """The recorded METADATA of a wheel, if there is one; None for a wheel known to have none."""
        ...


class Evidence:
    """Pages and METADATA by the names and hashes of a certificate."""

    def __init__(self, records: Mapping[str, str], source: Source) -> None:
        self._records = records
        self._source = source
        self._checked: set[str] = set()

    def digest(self) -> str:
        """The digest of the records, made of one line each: kind, key, hash, sorted."""
        lines = sorted(f"{key} {value}\n" for key, value in self._records.items())
        return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"

    def page(self, project: NormalizedName) -> Page | None:
        """The page of a project; None if the index has none.

        Raises:
            RefutedEvidence: the certificate does not name it, or another one.
            MissingEvidence: the snapshot does not hold it.
        """
        wanted = self._wanted(f"page {project}")
        seen = 0
        for page in self._source.pages(project):
            seen += 1
            if wanted == (ABSENT if page is None else _digest(page)):
                self._checked.add(f"page {project}")
                return page
        raise self._trouble(f"page {project}", seen)

    def metadata(self, url: str) -> bytes | None:
        """The METADATA of a wheel; None if it holds none that can be read. Raises as :meth:`page` does."""
        wanted = self._wanted(f"metadata {url}")
        seen = 0
        for content in self._source.metadata(url):
            seen += 1
            if wanted == (ABSENT if content is None else hashlib.sha256(content).hexdigest()):
                self._checked.add(f"metadata {url}")
                return content
        raise self._trouble(f"metadata {url}", seen)

    def problems_with_the_rest(self) -> list[str]:
        """Hold every record that was not asked for against its hash. Raises MissingEvidence as :meth:`page` does."""
        problems = []
        for record in sorted(self._records.keys() - self._checked):
            kind, _, key = record.partition(" ")
            try:
                if kind == "page":
                    self.page(NormalizedName(key))
                elif kind == "metadata":
                    self.metadata(key)
                else:
                    problems.append(f'the certificate names a record "{record}", which is none')
            except RefutedEvidence as problem:
                problems.append(str(problem))
        return problems

    def _wanted(self, record: str) -> str:
        if record not in self._records:
            raise RefutedEvidence(f"the certificate rests on the {record}, which its snapshot does not name")
        return self._records[record]

    def _trouble(self, record: str, seen: int) -> Exception:
        if seen:
            return RefutedEvidence(f"the {record} in the snapshot is not the one that the certificate names")
        return MissingEvidence(what=record)


def _digest(page: Page) -> str:
    body = hashlib.sha256(page.body).hexdigest()
    return hashlib.sha256(f"{page.url}\n{page.content_type}\n{body}\n".encode()).hexdigest()
