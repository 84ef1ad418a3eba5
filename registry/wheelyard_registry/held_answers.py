"""Answers to reads, held in memory until the catalogue changes: by an event, or for upstream's files in any way.

A change is seen at once because every use asks the catalogue for its version; a policy that changes an answer by the
passing of time is seen because the answer knows when. Rights are not held: they are looked at for every request.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from packaging.utils import NormalizedName

from wheelyard_registry.catalogue.database import Version

BOUND = 48 * 1024 * 1024
"""Bytes of bodies held; those not used for longest go first."""

LARGEST = 4 * 1024 * 1024
"""Bytes of the largest body held."""

_OVERHEAD = 2048
"""Bytes counted for an answer beside its body, so that many small ones are bounded too."""


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
class HeldAnswer:
    """An answer of status 200. Where the terms say how long a client may keep it the headers do not."""

    terms: Terms
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    etag: str
    version: Version

    def holds(self, version: Version, now: dt.datetime) -> bool:
        """Whether it is what would be answered now."""
        if self.terms.changes_at is None:
            return self.version.event == version.event
        return self.version == version and now < self.terms.changes_at


class HeldAnswers:
    """The answers held, by what was asked."""

    def __init__(self, bound: int = BOUND) -> None:
        self._bound = bound
        self._held: OrderedDict[Asked, HeldAnswer] = OrderedDict()
        self._size = 0

    def get(self, asked: Asked) -> HeldAnswer | None:
        """The answer, which may be out of date."""
        held = self._held.get(asked)
        if held is not None:
            self._held.move_to_end(asked)
        return held

    def hold(self, asked: Asked, answer: HeldAnswer) -> None:
        """Keep an answer for those who ask next."""
        if len(answer.body) > LARGEST:
            return
        self.forget(asked)
        self._held[asked] = answer
        self._size += len(answer.body) + _OVERHEAD
        while self._size > self._bound:
            self.forget(next(iter(self._held)))

    def forget(self, asked: Asked) -> None:
        """Let go of an answer."""
        dropped = self._held.pop(asked, None)
        if dropped is not None:
            self._size -= len(dropped.body) + _OVERHEAD
