"""An HTTP client of an ASGI application in this process, for tests that are not coroutines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.applications import Starlette


class Client:
    """Sends requests to an application whose event loop runs in a thread; usable from several threads."""

    def __init__(self, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self._portal = portal
        self._client = client

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Send a request and wait for the whole response."""
        return self._portal.call(partial(self._client.request, method, path, **content))

    def get(self, path: str, **content: Any) -> httpx.Response:
        """See :meth:`request`."""
        return self.request("GET", path, **content)

    def post(self, path: str, **content: Any) -> httpx.Response:
        """See :meth:`request`."""
        return self.request("POST", path, **content)

    def breaks_off(self, path: str) -> bool:
        """Whether the response to a GET ends before it is complete, as a cut connection does on the wire."""
        try:
            self.get(path)
        except AssertionError:
            # httpx's ASGI transport asserts that an application completes its response.
            return True
        return False


@contextmanager
def client_of(app: Starlette) -> Iterator[Client]:
    """A client of ``app``, between its start and its end."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
        portal.wrap_async_context_manager(httpx.AsyncClient(transport=transport, base_url="http://registry")) as client,
    ):
        yield Client(portal, client)
