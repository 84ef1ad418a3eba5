"""What a verdict rests on: a recording of every page and metadata file that the resolver was shown.

The digest covers what was *used*, not what happens to be stored: the same verdict replayed from a larger
snapshot names the same digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from packaging.utils import NormalizedName

from wheelyard_resolver.index import DigestIndex, Index
from wheelyard_resolver.page import DistributionFile, RawPage


class Recording:
    """An :class:`~wheelyard_resolver.index.Index` that passes on another's answers and remembers their hashes.

    ``used`` are records of what was read before for the same verdict.
    """

    def __init__(self, index: Index, used: Mapping[str, str] | None = None) -> None:
        self._index = index
        self._records: dict[str, str] = dict(used or {})

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See :class:`Index`."""
        answer = self._index.pages(projects)
        for project, page in answer.items():
            self._records[f"page {project}"] = "absent" if page is None else page_digest(page)
        return answer

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See :class:`Index`."""
        answer = self._index.metadata(files)
        for url, content in answer.items():
            self._records[f"metadata {url}"] = "absent" if content is None else body_digest(content)
        return answer

    def page_digests(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, str | None]:
        """See :class:`~wheelyard_resolver.index.DigestIndex`; what is known by its digest is used, and recorded."""
        answer = self._index.page_digests(projects) if isinstance(self._index, DigestIndex) else {}
        self._records |= {f"page {project}": digest or "absent" for project, digest in answer.items()}
        return answer

    def metadata_digests(self, files: Sequence[DistributionFile]) -> Mapping[str, str | None]:
        """See :class:`~wheelyard_resolver.index.DigestIndex`."""
        answer = self._index.metadata_digests(files) if isinstance(self._index, DigestIndex) else {}
        self._records |= {f"metadata {url}": digest or "absent" for url, digest in answer.items()}
        return answer

    def records(self) -> dict[str, str]:
        """The hash of every record used so far, ``absent`` for what is not there, by its kind and key."""
        return dict(sorted(self._records.items()))

    def rest_on(self, records: Mapping[str, str]) -> None:
        """Add records of what was read elsewhere for the same verdict."""
        self._records |= records

    def counts(self) -> tuple[int, int]:
        """(project pages, metadata files) used so far."""
        pages = sum(key.startswith("page ") for key in self._records)
        return pages, len(self._records) - pages

    def digest(self) -> str:
        """``sha256:`` and the hash of one line per record (``kind key hash``), sorted."""
        lines = "".join(f"{key} {value}\n" for key, value in sorted(self._records.items()))
        return "sha256:" + hashlib.sha256(lines.encode()).hexdigest()


def page_digest(page: RawPage) -> str:
    """The digest of a raw page together with what is needed to read it."""
    return described_digest(page.url, page.content_type, body_digest(page.body))


def described_digest(url: str, content_type: str, body: str) -> str:
    """The digest of a page of which the digest of the body is known: sha256 of the three, a line each."""
    return hashlib.sha256(f"{url}\n{content_type}\n{body}\n".encode()).hexdigest()


def body_digest(content: bytes) -> str:
    """The sha256 of a body, in hex."""
    return hashlib.sha256(content).hexdigest()
