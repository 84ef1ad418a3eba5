"""Pages in the encodings that clients take, compressed once for all who ask (RFC 1952; RFC 8878 for zstd)."""

from __future__ import annotations

import gzip
import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

from wheelyard_registry.lru_cache import LruCache

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SMALLEST = 14_000
"""Bytes below which a body and its head leave in the first flight of packets, compressed or not (RFC 6928: ten
segments). Compressing would only give the client something to do."""

_HELD = 64 * 1024 * 1024

_COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstd.compress(body, 6),
    # No time in the header: equal pages stay equal bytes, and so keep their tag.
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}

ENCODINGS = tuple(_COMPRESS)
"""In order of preference, where a client weighs them the same."""


@dataclass(frozen=True, slots=True)
class Representation:
    """A body as it is sent. ``etag`` is a hash of exactly these bytes."""

    body: bytes
    etag: str
    encoding: str | None = None


def plain(body: bytes) -> Representation:
    """The body as it is."""
    return Representation(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


class Compressor:
    """Compresses, and holds what it made, up to a bound; those not used for longest go first."""

    def __init__(self, bound: int = _HELD) -> None:
        self._made: LruCache[tuple[str, str], Representation] = LruCache(bound, lambda made: len(made.body))

    def held(self, page: Representation, encoding: str) -> Representation | None:
        """The page in this encoding, if it was compressed before."""
        return self._made.get((page.etag, encoding))

    def compress(self, page: Representation, encoding: str) -> Representation:
        """The page in one of :data:`ENCODINGS`. Takes milliseconds; may run in any thread."""
        body = _COMPRESS[encoding](page.body)
        return Representation(body, plain(body).etag, encoding)

    def hold(self, page: Representation, made: Representation) -> None:
        """Keep what was made of a page for those who ask next."""
        self._made.keep((page.etag, str(made.encoding)), made)
