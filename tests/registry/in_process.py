"""An HTTP client of an ASGI application in this process, for tests that are not coroutines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import anyio.to_thread
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from wheelyard_registry.handover import AtOnce


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


def _nothing(_: Scope) -> None:
    return None


def _as_served(app: ASGIApp, at_once: AtOnce) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        messages = await anyio.to_thread.run_sync(at_once, scope)
        if messages is None:
            await app(scope, receive, send)
            return
        for message in messages:
            await send(message)

    return answer


@contextmanager
def client_of(app: Starlette, at_once: AtOnce = _nothing) -> Iterator[Client]:
    """A client of ``app``, between its start and its end.

    As the server has it, ``at_once`` is asked first, in another thread than that of the event loop.
    """
    transport = httpx.ASGITransport(_as_served(app, at_once), raise_app_exceptions=False)
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
        portal.wrap_async_context_manager(httpx.AsyncClient(transport=transport, base_url="http://registry")) as client,
    ):
        yield Client(portal, client)
