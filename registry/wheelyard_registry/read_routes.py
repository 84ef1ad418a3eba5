"""The read routes: project pages, files, and their metadata."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio.to_thread
from packaging.utils import NormalizedName
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from wheelyard_registry import negotiation, simple
from wheelyard_registry.access import Access
from wheelyard_registry.byte_ranges import servable
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.compression import ENCODINGS, SMALLEST, Compressor, Representation, plain
from wheelyard_registry.distribution import parse_filename
from wheelyard_registry.errors import NotFound, RegistryError
from wheelyard_registry.file_errors import RefusedFile
from wheelyard_registry.held_answers import Terms
from wheelyard_registry.hot_path import caching, may_be_held
from wheelyard_registry.identity import Right
from wheelyard_registry.index import Arriving, HeldMetadata, Index, LocalBlob, PrivateIndex
from wheelyard_registry.json_body import project_of
from wheelyard_registry.negotiation import matches
from wheelyard_resolver.page import JSON_V1

FOR_EVER = 365_000_000
"""Seconds. A file name never changes its bytes, so a client need not ask twice."""

IN_MEMORY = 64 * 1024
"""Bytes up to which a file is sent from memory."""

MANY = 500
"""Files on a page from which on it is made in a thread: the largest take half a second, which others need not wait."""

SMALL = 1024 * 1024
"""Bytes up to which a file from upstream is verified before its first byte is sent, so that a failure has a status."""


class ReadRoutes:
    """Handlers of ``/simple/`` and ``/files/``."""

    def __init__(
        self, access: Access, private: PrivateIndex, index: Index, clock: Clock, compressor: Compressor
    ) -> None:
        self._access = access
        self._private = private
        self._index = index
        self._clock = clock
        self._compressor = compressor

    async def names(self, request: Request) -> Response:
        """``/simple/``: the private names. Those of upstream are served, but not listed: PyPI's list alone is 30 MB."""
        identity = await self._access.require_somewhere(request, Right.READ)
        media_type = _media_type(request)
        names = [name for name in await self._private.names() if identity.may(Right.READ, name)]
        body = simple.names_json(names) if media_type == JSON_V1 else simple.names_html(names)
        return await self._page(request, body, media_type, _ALWAYS_ASK)

    async def project(self, request: Request) -> Response:
        """``/simple/{project}/``."""
        project = project_of(request)
        if project != request.path_params["project"]:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"../{project}/{query}", status_code=301)
        await self._access.require(request, Right.READ, project)
        media_type = _media_type(request)
        listing = await self._index.listing(project)
        if listing is None:
            raise NotFound(what=f"the project {project}")
        render = simple.project_json if media_type == JSON_V1 else simple.project_html
        made = partial(render, listing.page, serial=listing.serial)
        body = made() if len(listing.page.files) < MANY else await anyio.to_thread.run_sync(made)
        may_be_held(request.scope, Terms(project, listing.fresh_until, listing.changes_at))
        kept = _ALWAYS_ASK if listing.fresh_until is None else caching(listing.fresh_until, self._clock())
        return await self._page(request, body, media_type, kept)

    async def _page(self, request: Request, body: bytes, media_type: str, kept: str) -> Response:
        # The tag is a hash of the bytes served: whatever changes a page changes its tag, with no event needed.
        page = await self._encoded(request, plain(body))
        headers = {"ETag": page.etag, "Vary": "Accept, Accept-Encoding", "Cache-Control": kept}
        if matches(request.headers.get("if-none-match"), page.etag):
            return Response(status_code=304, headers=headers)
        if page.encoding is not None:
            headers["Content-Encoding"] = page.encoding
        return Response(page.body, headers=headers, media_type=media_type)

    async def _encoded(self, request: Request, page: Representation) -> Representation:
        encoding = negotiation.choose_encoding(request.headers.get("accept-encoding"), ENCODINGS)
        if encoding is None or len(page.body) < SMALLEST:
            return page
        held = self._compressor.held(page, encoding)
        if held is None:
            held = await anyio.to_thread.run_sync(self._compressor.compress, page, encoding)
            self._compressor.hold(page, held)
        return held

    async def file(self, request: Request) -> Response:
        """``/files/{project}/{filename}``, and the same with ``.metadata`` behind it."""
        project = project_of(request)
        await self._access.require(request, Right.READ, project)
        filename: str = request.path_params["filename"]
        if filename.endswith(".metadata"):
            blob = await self._index.metadata(project, filename.removesuffix(".metadata"))
            if blob is None:
                raise NotFound(what=f"{filename} of {project}")
            if isinstance(blob, LocalBlob):
                return await _local(request, project, blob)
            may_be_held(request.scope, Terms(project))
            return _metadata(request, blob)
        return await self._distribution(request, project, filename)

    async def _distribution(self, request: Request, project: NormalizedName, filename: str) -> Response:
        found = await self._index.file(project, filename)
        if found is None:
            raise NotFound(what=f"{filename} of {project}")
        if isinstance(found, LocalBlob):
            return await _local(request, project, found)
        if found.sha256 and matches(request.headers.get("if-none-match"), f'"{found.sha256}"'):
            return Response(status_code=304, headers=_file_headers(found.sha256, private=False))
        if request.method == "HEAD" and found.sha256 and found.size is not None:
            headers = {**_file_headers(found.sha256, private=False), "Content-Length": str(found.size)}
            return Response(headers=headers, media_type=_MEDIA_TYPE)
        return await _arriving(request, await found.fetch())


async def file_of_pypiserver(request: Request) -> Response:
    """``/packages/.../{filename}``: where pypiserver has its files, and where locks that were made with it look."""
    path: str = request.path_params["path"]
    filename = path.rpartition("/")[2]
    try:
        project = parse_filename(filename).project
    except RefusedFile as error:
        raise NotFound(what=request.url.path) from error
    return RedirectResponse(f"{'../' * (path.count('/') + 1)}files/{project}/{filename}", status_code=301)


async def _arriving(request: Request, arriving: Arriving) -> Response:
    # Streamed only where a cut shows: with its length announced. Its tag must be known before the first byte is
    # sent, and a range can only be cut from what has been verified.
    plain = request.method == "GET" and "range" not in request.headers
    if not plain or arriving.sha256 is None or arriving.size is None or arriving.size <= SMALL:
        return _blob(request, await arriving.finished())
    headers = {**_file_headers(arriving.sha256, private=False), "Content-Length": str(arriving.size)}
    return ArrivingResponse(arriving.chunks(), headers=headers, media_type=_MEDIA_TYPE)


class ArrivingResponse(StreamingResponse):
    """Bytes passed on as they arrive. If they turn out to be wrong the response ends before its announced length.

    The client then sees a broken transfer, which is what it is; the transfer itself has logged the reason.
    """

    async def stream_response(self, send: Send) -> None:
        """Send what comes; see :class:`ArrivingResponse`."""
        with suppress(RegistryError):
            await super().stream_response(send)


_ALWAYS_ASK = "private, no-cache"
_MEDIA_TYPE = "application/octet-stream"


def _media_type(request: Request) -> str:
    return negotiation.choose(request.headers.get("accept"), request.query_params.get("format"))


def _file_headers(sha256: str, *, private: bool) -> Mapping[str, str]:
    scope = "private" if private else "public"
    return {
        "ETag": f'"{sha256}"',
        "Cache-Control": f"{scope}, max-age={FOR_EVER}, immutable",
        "Accept-Ranges": "bytes",
    }


async def _local(request: Request, project: NormalizedName, blob: LocalBlob) -> Response:
    """A file that is here: a small one from memory, so that the next who asks for it need not wait for the disk."""
    if request.method != "GET" or "range" in request.headers:
        return _blob(request, blob)
    may_be_held(request.scope, Terms(project, changes_at=blob.changes_at))
    data = await anyio.to_thread.run_sync(_small, blob.path)
    if data is None:
        return _blob(request, blob)
    headers = _file_headers(blob.sha256, private=blob.private)
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type=_MEDIA_TYPE)


def _small(path: Path) -> bytes | None:
    return path.read_bytes() if path.stat().st_size <= IN_MEMORY else None


def _metadata(request: Request, held: HeldMetadata) -> Response:
    headers = _file_headers(held.sha256, private=held.private)
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    # Small, so never served in parts: RFC 9110, 14.2 lets a server ignore Range.
    return Response(held.data, headers={**headers, "Accept-Ranges": "none"}, media_type=_MEDIA_TYPE)


def _blob(request: Request, blob: LocalBlob) -> Response:
    headers = _file_headers(blob.sha256, private=blob.private)
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return BlobResponse(blob.path, headers=headers, media_type=_MEDIA_TYPE)


class BlobResponse(FileResponse):
    """A file response with the ranges of RFC 9110, 14.2: Starlette answers 400 to a Range that it cannot read.

    Only the entity tag makes ``If-Range`` true. A date is too coarse to be a strong validator (RFC 9110, 8.8.2.2).
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the blob, or the ranges asked for."""
        given = Headers(scope=scope)
        wanted = given.get("range") if scope["method"] == "GET" else None
        if wanted is not None and given.get("if-range", self.headers["etag"]) == self.headers["etag"]:
            self.stat_result = await anyio.to_thread.run_sync(os.stat, self.path)
            self.set_stat_headers(self.stat_result)
            wanted = servable(wanted, self.stat_result.st_size)
        else:
            wanted = None
        others = [(name, value) for name, value in scope["headers"] if name not in {b"range", b"if-range"}]
        ranges = [] if wanted is None else [(b"range", wanted.encode())]
        await super().__call__({**scope, "headers": [*others, *ranges]}, receive, send)
