"""An :class:`~wheelyard_resolver.index.Index` over HTTP: any PEP 503 or PEP 691 index, many requests at once."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

import httpx
from packaging.utils import NormalizedName

from wheelyard_cli.metadata_cache import MetadataCache, NoCache
from wheelyard_cli.routing import Routing, without_credentials
from wheelyard_cli.transfer import CONNECTIONS, Transfer
from wheelyard_resolver.errors import IndexUnreachable, UnreadableWheel
from wheelyard_resolver.page import ACCEPT, DistributionFile, RawPage
from wheelyard_resolver.remote_wheel import TAIL, ByteRange, metadata_of, read_metadata

Progress = Callable[[str, int, int], None]
"""Called with (kind, done, total) after each answer of a batch, always from the caller's thread."""

_LARGEST_WHOLE_WHEEL = 1024**3
_CHUNK = 1024 * 1024
_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-(?P<last>\d+)/(?P<total>\d+|\*)")

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Item = TypeVar("Item")


class SimpleClient:
    """Reads project pages and wheel metadata from the indexes of a :class:`Routing`.

    Metadata comes from the cache, else from the index's PEP 658 file, else out of the wheel by byte ranges, else,
    where a server ignores ranges, out of the whole wheel.
    """

    def __init__(
        self,
        routing: Routing,
        *,
        cache: MetadataCache | None = None,
        progress: Progress | None = None,
        transfer: Transfer | None = None,
    ) -> None:
        self._routing = routing
        self._cache = cache or NoCache()
        self._progress = progress
        self._transfer = transfer or Transfer(routing.urls())
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="wheelyard-index")

    def __enter__(self) -> SimpleClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop what is still waiting, and close the connections."""
        self._threads.shutdown(cancel_futures=True)
        self._transfer.close()

    def pages(self, projects: Sequence[NormalizedName]) -> Mapping[NormalizedName, RawPage | None]:
        """See :class:`~wheelyard_resolver.index.Index`."""
        return self._batch("pages", {project: project for project in projects}, self._page)

    def metadata(self, files: Sequence[DistributionFile]) -> Mapping[str, bytes | None]:
        """See :class:`~wheelyard_resolver.index.Index`."""
        return self._batch("metadata", {file.url: file for file in files}, self._metadata)

    def _batch(self, kind: str, items: Mapping[K, Item], fetch: Callable[[Item], V]) -> Mapping[K, V]:
        waiting = {self._threads.submit(fetch, item): key for key, item in items.items()}
        answers: dict[K, V] = {}
        try:
            for future in as_completed(waiting):
                answers[waiting[future]] = future.result()
                if self._progress is not None:
                    self._progress(kind, len(answers), len(items))
        except BaseException:
            for future in waiting:
                future.cancel()
            raise
        return {key: answers[key] for key in items}

    def _page(self, project: NormalizedName) -> RawPage | None:
        url = f"{without_credentials(self._routing.index_of(project))}{project}/"
        response = self._transfer.get(url, accept=ACCEPT)
        if response is None:
            return None
        return RawPage(
            url=without_credentials(str(response.url)),
            content_type=response.headers.get("Content-Type", ""),
            body=response.content,
        )

    def _metadata(self, file: DistributionFile) -> bytes | None:
        found = self._cache.get(file)
        if found is not None:
            return found
        found = self._offered(file) if file.core_metadata is not None else None
        if found is None:
            try:
                found = _Wheel(file, self._transfer).metadata()
            except UnreadableWheel:
                return None
        self._cache.put(file, found)
        return found

    def _offered(self, file: DistributionFile) -> bytes | None:
        """The PEP 658 file; None when it is missing or not what its hash says: the wheel itself then decides."""
        response = self._transfer.get(f"{file.url}.metadata")
        if response is None:
            return None
        stated = file.core_metadata
        if stated and hashlib.sha256(response.content).hexdigest() != stated.lower():
            return None
        return response.content


@dataclass(frozen=True)
class _Part:
    """What a range request brought. ``total`` is the size of the file; None for ``data``: ranges are ignored."""

    data: bytes | None
    total: int | None


@dataclass(frozen=True)
class _Wheel:
    """A wheel on a server, read as far as needed."""

    file: DistributionFile
    transfer: Transfer

    def metadata(self) -> bytes:
        """Its METADATA.

        Raises:
            UnreadableWheel: the wheel is bad. IndexUnreachable, AuthenticationRequired: the server is.
        """
        size, tail = self.file.size, None
        if size is None:
            # The size is learnt from the answer to a range counted from the end (RFC 9110, 14.1.2).
            last = self._part(f"bytes=-{TAIL}")
            size, tail = last.total, last.data
        if size is None:
            return self._whole()
        reader = read_metadata(self.file.filename, size)
        wanted = next(reader)
        try:
            if tail is not None and len(tail) == wanted.stop - wanted.start:
                wanted = reader.send(tail)
            while True:
                part = self._part(wanted.header, wanted)
                if part.data is None or part.total not in {None, size}:
                    return self._whole()
                wanted = reader.send(part.data)
        except StopIteration as end:
            metadata: bytes = end.value
            return metadata

    def _part(self, header: str, wanted: ByteRange | None = None) -> _Part:
        def take(response: httpx.Response) -> _Part:
            if response.status_code != 206:
                length = response.headers.get("Content-Length", "")
                return _Part(None, int(length) if length.isdigit() and response.status_code == 200 else None)
            found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            data = response.read()
            if found is None or len(data) != int(found["last"]) - int(found["first"]) + 1:
                return _Part(None, None)
            if wanted is not None and (int(found["first"]), len(data)) != (wanted.start, wanted.stop - wanted.start):
                return _Part(None, None)
            return _Part(data, int(found["total"]) if found["total"].isdigit() else None)

        # A compressed representation has other byte positions than the file.
        headers = {"Range": header, "Accept-Encoding": "identity"}
        return self.transfer.read(self.file.url, headers, take, expected={200, 206, 416})

    def _whole(self) -> bytes:
        """By downloading all of it: the server ignores ranges, or contradicts the size that the index states."""

        def take(response: httpx.Response) -> bytes:
            with tempfile.TemporaryFile(prefix="wheelyard-") as copy:
                size = 0
                for chunk in response.iter_bytes(_CHUNK):
                    size += len(chunk)
                    if size > _LARGEST_WHOLE_WHEEL:
                        raise IndexUnreachable(
                            url=self.file.url,
                            reason="it ignores byte ranges, and the wheel is too large to be downloaded whole",
                        )
                    copy.write(chunk)
                return metadata_of(self.file.filename, copy)

        return self.transfer.read(self.file.url, {"Accept-Encoding": "identity"}, take, expected={200})
