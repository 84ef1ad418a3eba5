"""One upstream index over HTTP: pages with revalidation, byte ranges, whole files. Nothing is remembered here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum

import httpx
from packaging.utils import NormalizedName

from wheelyard_registry.outbound import client_of
from wheelyard_registry.upstream_errors import Offline, UpstreamFailed, UpstreamTimeout
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_resolver.page import ACCEPT, RawPage
from wheelyard_resolver.remote_wheel import ByteRange

MAX_PAGE = 64 * 1024 * 1024
"""The largest project page accepted; PyPI's largest are near 20 MB."""

_BUSY = frozenset({429, 500, 502, 503, 504})
"""Answers that another attempt may turn into a good one."""


class Absent(Enum):
    """The two ways in which upstream sends no page."""

    UNKNOWN = "no such project"
    UNCHANGED = "the page is the one that the tag names"


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as just received, with the tag to revalidate it by."""

    page: RawPage
    etag: str | None


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a transfer that broke off goes on: after ``offset`` bytes of the file that ``etag`` names strongly."""

    offset: int
    etag: str


class RangesUnsupported(Exception):
    """The server sends whole files only."""


class Upstream:
    """A simple index somewhere else."""

    def __init__(self, index: UpstreamIndex, *, timeout: float, retries: int, offline: bool = False) -> None:
        self._offline = offline
        self.index = index
        self.url = index.url
        self.retries = retries
        self._client = client_of(index, timeout=timeout, retries=retries)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def page(self, project: NormalizedName, etag: str | None) -> FetchedPage | Absent:
        """The page of a project, unless it is still the one that ``etag`` names.

        Raises:
            UpstreamFailed: no usable answer.
        """
        url = f"{self.url}{project}/"
        headers = {"Accept": ACCEPT, "Cache-Control": "max-age=0"}
        if etag is not None:
            headers["If-None-Match"] = etag
        async with self._open(url, headers) as response:
            if response.status_code in {404, 410}:
                return Absent.UNKNOWN
            if response.status_code == 304:
                return Absent.UNCHANGED
            _require(response, 200)
            body = await _read(response, MAX_PAGE)
            content_type = response.headers.get("content-type", "")
            return FetchedPage(RawPage(str(response.url), content_type, body), response.headers.get("etag"))

    async def small_file(self, url: str, limit: int) -> bytes | None:
        """A file held in memory; None if it does not exist."""
        async with self._open(url, {}) as response:
            if response.status_code in {404, 410}:
                return None
            _require(response, 200)
            return await _read(response, limit)

    async def byte_range(self, url: str, wanted: ByteRange) -> bytes:
        """A part of a file.

        Raises:
            RangesUnsupported: the server answers with something else than the part.
        """
        async with self._open(url, {"Range": wanted.header, "Accept-Encoding": "identity"}) as response:
            if response.status_code != 206:
                raise RangesUnsupported
            data = await _read(response, wanted.stop - wanted.start)
        if len(data) != wanted.stop - wanted.start:
            raise RangesUnsupported
        return data

    async def size(self, url: str) -> int:
        """The size of a file whose page does not say.

        Raises:
            RangesUnsupported: it cannot be learnt from a range of one byte.
        """
        async with self._open(url, {"Range": "bytes=0-0", "Accept-Encoding": "identity"}) as response:
            total = response.headers.get("content-range", "").rpartition("/")[2]
        if response.status_code != 206 or not total.isdigit():
            raise RangesUnsupported
        return int(total)

    @asynccontextmanager
    async def whole(self, url: str, start: Resumption | None = None) -> AsyncIterator[httpx.Response]:
        """A file, opened for reading; the status is 200, or 206 where it goes on from ``start``."""
        headers = {"Accept-Encoding": "identity"}
        if start is not None:
            headers |= {"Range": f"bytes={start.offset}-", "If-Range": start.etag}
        async with self._open(url, headers) as response:
            if start is None or response.status_code != 206:
                _require(response, 200)
            elif not response.headers.get("content-range", "").startswith(f"bytes {start.offset}-"):
                raise UpstreamFailed(url=_shown(url), reason="it sent another range than it was asked for")
            yield response

    @asynccontextmanager
    async def _open(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        if self._offline:
            raise Offline(url=_shown(url))
        try:
            response = await self._send(url, headers)
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise UpstreamTimeout(url=_shown(url), reason=f"no answer in time ({type(error).__name__})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UpstreamFailed(url=_shown(url), reason=str(error) or type(error).__name__) from error

    async def _send(self, url: str, headers: Mapping[str, str]) -> httpx.Response:
        # The transport repeats failed connects; a busy server is asked again here, with a growing pause.
        for attempt in range(self.retries + 1):
            request = self._client.build_request("GET", url, headers=dict(headers))
            response = await self._client.send(request, stream=True)
            if response.status_code not in _BUSY or attempt == self.retries:
                return response
            await response.aclose()
            await asyncio.sleep(0.2 * 2**attempt)
        raise AssertionError("the loop returns")


def _require(response: httpx.Response, status: int) -> None:
    if response.status_code != status:
        raise UpstreamFailed(url=_shown(str(response.url)), reason=f"it answered {response.status_code}")


async def _read(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > limit:
            raise UpstreamFailed(url=_shown(str(response.url)), reason=f"it sent more than {limit} bytes")
    return bytes(body)


def _shown(url: str) -> str:
    """The URL without credentials: errors end up in logs and on screens."""
    return str(httpx.URL(url).copy_with(username=None, password=None, query=None, fragment=None))
