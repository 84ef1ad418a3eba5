"""What can be answered at once never gets to the event loop; everything else does, as if nobody had looked at it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.types import Message, Receive, Scope, Send
from tests.registry.serving import free_port

from wheelyard_registry.handover import AtOnce, HandoverLoop

HEAD = {"type": "http.response.start", "status": 200, "headers": ((b"content-length", b"4"),)}


def known(scope: Scope) -> tuple[Message, Message] | None:
    """Answers ``/known``."""
    return (HEAD, {"type": "http.response.body", "body": b"once"}) if scope["path"] == "/known" else None


def broken(_: Scope) -> tuple[Message, Message] | None:
    """Fails."""
    raise ZeroDivisionError


def unusable(_: Scope) -> tuple[Message, Message] | None:
    """Answers what is no answer."""
    return {"type": "nothing known"}, {"type": "http.response.body", "body": b"never"}


async def by_the_loop(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers everything, with what was sent."""
    if scope["type"] != "http":
        return
    body = (await receive())["body"] if scope["method"] == "POST" else b"loop"
    await asyncio.sleep(0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def served(at_once: AtOnce) -> Iterator[httpx.Client]:
    """A client of granian, which serves in a thread."""
    ready, port = threading.Event(), free_port()
    server = Server(by_the_loop, port=port, interface=Interfaces.ASGI, websockets=False, log_enabled=False)
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        serving = asyncio.ensure_future(server.serve())
        ready.set()
        await serving

    thread = threading.Thread(target=lambda: uvloop.run(serve(), loop_factory=lambda: HandoverLoop(at_once)))
    thread.start()
    try:
        ready.wait()
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=10), trust_env=False
        ) as client:
            yield client
    finally:
        loops[0].call_soon_threadsafe(server.stop)
        thread.join()


@pytest.mark.parametrize(
    ("at_once", "said"),
    [(known, b"once"), (broken, b"loop"), (unusable, b"loop"), (lambda _: None, b"loop")],
    ids=["known", "broken", "unusable", "unknown"],
)
def test_a_request_is_answered_at_once_or_by_the_loop(at_once: AtOnce, said: bytes) -> None:
    with served(at_once) as client:
        for _ in range(3):
            assert client.get("/known").content == said
        assert client.get("/other").content == b"loop"
        assert client.post("/known", content=b"sent").content == (said if at_once is known else b"sent")


def test_what_is_no_request_is_called_back() -> None:
    called: list[str] = []

    async def hand_over() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.call_soon_threadsafe(called.append, "nothing given")
        await asyncio.to_thread(loop.call_soon_threadsafe, done.set)
        await done.wait()

    uvloop.run(hand_over(), loop_factory=lambda: HandoverLoop(broken))
    assert called == ["nothing given"]
