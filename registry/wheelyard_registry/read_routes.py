"""The read routes: project pages, files, and their metadata."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress

from packaging.utils import NormalizedName
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from wheelyard_registry import negotiation, simple
from wheelyard_registry.access import Access
from wheelyard_registry.errors import NotFound, RegistryError
from wheelyard_registry.identity import Right
from wheelyard_registry.index import Arriving, HeldMetadata, Index, Listing, LocalBlob, PrivateIndex
from wheelyard_registry.json_body import project_of
from wheelyard_resolver.page import JSON_V1

FOR_EVER = 365_000_000
"""Seconds. A file name never changes its bytes, so a client need not ask twice."""

SMALL = 1024 * 1024
"""Bytes up to which a file from upstream is verified before its first byte is sent, so that a failure has a status."""

_BYTE_RANGES = re.compile(r"\s*bytes\s*=\s*(?:\d+-\d*|-\d+)(?:\s*,\s*(?:\d+-\d*|-\d+))*\s*", re.IGNORECASE)


class ReadRoutes:
    """Handlers of ``/simple/`` and ``/files/``."""

    def __init__(self, access: Access, private: PrivateIndex, index: Index) -> None:
        self._access = access
        self._private = private
        self._index = index

    async def names(self, request: Request) -> Response:
        """``/simple/``: the private names. Those of upstream are served, but not listed: PyPI's list alone is 30 MB."""
        identity = await self._access.require_somewhere(request, Right.READ)
        media_type = _media_type(request)
        names = [name for name in await self._private.names() if identity.may(Right.READ, name)]
        body = simple.names_json(names) if media_type == JSON_V1 else simple.names_html(names)
        return _page(request, body, media_type, "private, no-cache")

    async def project(self, request: Request) -> Response:
        """``/simple/{project}/``."""
        project = project_of(request)
        if project != request.path_params["project"]:
            return RedirectResponse(f"../{project}/", status_code=301)
        await self._access.require(request, Right.READ, project)
        media_type = _media_type(request)
        listing = await self._index.listing(project)
        if listing is None:
            raise NotFound(what=f"the project {project}")
        render = simple.project_json if media_type == JSON_V1 else simple.project_html
        body = render(listing.page, serial=listing.serial, status_reason=listing.status_reason)
        return _page(request, body, media_type, _page_caching(listing))

    async def file(self, request: Request) -> Response:
        """``/files/{project}/{filename}``, and the same with ``.metadata`` behind it."""
        project = project_of(request)
        await self._access.require(request, Right.READ, project)
        filename: str = request.path_params["filename"]
        if filename.endswith(".metadata"):
            blob = await self._index.metadata(project, filename.removesuffix(".metadata"))
            if blob is None:
                raise NotFound(what=f"{filename} of {project}")
            return _metadata(request, blob) if isinstance(blob, HeldMetadata) else _blob(request, blob)
        return await self._distribution(request, project, filename)

    async def _distribution(self, request: Request, project: NormalizedName, filename: str) -> Response:
        found = await self._index.file(project, filename)
        if found is None:
            raise NotFound(what=f"{filename} of {project}")
        if isinstance(found, LocalBlob):
            return _blob(request, found)
        if found.sha256 and matches(request.headers.get("if-none-match"), f'"{found.sha256}"'):
            return Response(status_code=304, headers=_file_headers(found.sha256, private=False))
        if request.method == "HEAD" and found.sha256 and found.size is not None:
            headers = {**_file_headers(found.sha256, private=False), "Content-Length": str(found.size)}
            return Response(headers=headers, media_type=_MEDIA_TYPE)
        return await _arriving(request, await found.fetch())


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


_MEDIA_TYPE = "application/octet-stream"


def _media_type(request: Request) -> str:
    return negotiation.choose(request.headers.get("accept"), request.query_params.get("format"))


def _page_caching(listing: Listing) -> str:
    return "private, no-cache" if listing.max_age is None else f"public, max-age={listing.max_age}"


def _page(request: Request, body: bytes, media_type: str, caching: str) -> Response:
    # The tag is a hash of the bytes served: whatever changes a page changes its tag, with no event needed.
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Vary": "Accept", "Cache-Control": caching}
    if matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def matches(header: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names this entity tag, compared weakly (RFC 9110, 13.1.2)."""
    if header is None:
        return False
    return header.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in header.split(","))


def _file_headers(sha256: str, *, private: bool) -> Mapping[str, str]:
    scope = "private" if private else "public"
    return {
        "ETag": f'"{sha256}"',
        "Cache-Control": f"{scope}, max-age={FOR_EVER}, immutable",
        "Accept-Ranges": "bytes",
    }


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
    """A file response that ignores a Range it cannot read, as RFC 9110, 14.2 asks; Starlette answers 400."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the blob, or the ranges asked for."""
        kept = [(name, value) for name, value in scope["headers"] if name != b"range" or _readable(value)]
        await super().__call__({**scope, "headers": kept}, receive, send)


def _readable(value: bytes) -> bool:
    text = value.decode("latin-1")
    if _BYTE_RANGES.fullmatch(text) is None:
        return False
    pairs = (part.strip().partition("-") for part in text.partition("=")[2].split(","))
    return all(not first or not last or int(first) <= int(last) for first, _, last in pairs)
