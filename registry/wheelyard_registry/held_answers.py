"""Answers to reads, held in memory until the catalogue says something else: by an event, or by what it learnt upstream.

A change is seen at once because every use asks the catalogue for it; a policy that changes an answer by the
passing of time is seen because the answer knows when. Rights are not held: they are looked at for every request.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from packaging.utils import NormalizedName
from starlette.types import Message

from wheelyard_registry.catalogue.database import Version
from wheelyard_registry.lru_cache import LruCache

BOUND = 48 * 1024 * 1024
"""Bytes of bodies held; those not used for longest go first."""

LARGEST = 4 * 1024 * 1024
"""Bytes of the largest body held."""

_OVERHEAD = 4096
"""Bytes counted for an answer beside its body, so that many small ones are bounded too."""

_READERS = 8
"""Senders remembered of an answer."""

_OF_A_BODY = frozenset({b"content-length", b"content-type", b"content-encoding"})


class Asked(NamedTuple):
    """What an answer depends on, beside who asks: whatever else is in a request must not matter."""

    path: str
    accept: bytes
    accept_encoding: bytes


def asked_of(path: str, headers: Mapping[bytes, bytes]) -> Asked:
    """What a request asks for."""
    return Asked(path, headers.get(b"accept", b""), headers.get(b"accept-encoding", b""))


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may have an answer, and how long it lasts: whoever may read ``project``.

    ``fresh_until`` is till when a client may keep it without asking, None: it must always ask. ``changes_at`` is when
    it may change although nothing is committed, None: only an event changes it, as is so of all that is private.
    """

    project: NormalizedName
    fresh_until: dt.datetime | None = None
    changes_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """A sender who may have an answer, between two times, as long as the answer holds: no event took the right away."""

    since: dt.datetime
    until: dt.datetime


class HeldAnswer:
    """An answer of status 200, ready to be sent: whole, or as the news that nothing has changed.

    ``content`` is what ASGI sends after the head: the body, or the path of a file. Where the terms say how long a
    client may keep the answer the headers do not, and must be made for each sending.
    """

    __slots__ = ("_readers", "content", "etag", "headers", "terms", "unchanged", "version", "whole")

    def __init__(
        self, terms: Terms, content: Message, headers: tuple[tuple[bytes, bytes], ...], etag: bytes, version: Version
    ) -> None:
        self.terms = terms
        self.content = content
        self.headers = headers
        self.etag = etag
        self.version = version
        self.whole = whole(headers, content)
        self.unchanged = unchanged(headers)
        self._readers: dict[bytes | None, Reader] = {}

    @property
    def size(self) -> int:
        """The bytes of it that are in memory, beside a little for everything else."""
        return len(self.content.get("body", b""))

    def lasts(self, now: dt.datetime) -> bool:
        """Whether it has not changed by the passing of time."""
        return self.terms.changes_at is None or now < self.terms.changes_at

    def may_go_to(self, authorization: bytes | None, now: dt.datetime) -> bool:
        """Whether who sends this ``Authorization`` was found to have the right to it, a moment ago."""
        reader = self._readers.get(authorization)
        return reader is not None and reader.since <= now < reader.until

    def let(self, authorization: bytes | None, reader: Reader) -> None:
        """Remember that who sends this ``Authorization`` has the right to it."""
        if len(self._readers) >= _READERS:
            self._readers.clear()
        self._readers[authorization] = reader


def whole(headers: tuple[tuple[bytes, bytes], ...], content: Message) -> tuple[Message, Message]:
    """An answer as ASGI sends it: head, then content."""
    return {"type": "http.response.start", "status": 200, "headers": headers}, content


def unchanged(headers: tuple[tuple[bytes, bytes], ...]) -> tuple[Message, Message]:
    """The answer that the client has it already: it says nothing of the body that it does not have."""
    kept = tuple(header for header in headers if header[0] not in _OF_A_BODY)
    return {"type": "http.response.start", "status": 304, "headers": kept}, {"type": "http.response.body", "body": b""}


class HeldAnswers(LruCache[Asked, HeldAnswer]):
    """The answers held, by what was asked. Each may be out of date."""

    def __init__(self) -> None:
        super().__init__(BOUND, lambda answer: answer.size + _OVERHEAD)

    def keep(self, key: Asked, value: HeldAnswer) -> None:
        """Keep an answer for those who ask next, unless it is very large."""
        if value.size <= LARGEST:
            super().keep(key, value)
