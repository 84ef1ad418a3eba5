"""Where granian hands requests over to the event loop: those that need no waiting are answered there and then.

A thread of granian's takes Python's lock, makes a request's scope, and wakes the event loop, which makes a task. For an
answer out of memory that takes longer than the answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import Context
from types import CoroutineType
from typing import TYPE_CHECKING, Any

import uvloop
from starlette.types import Message, Scope

if TYPE_CHECKING:
    from typing_extensions import TypeVarTuple, Unpack

    Given = TypeVarTuple("Given")

AtOnce = Callable[[Scope], tuple[Message, Message] | None]
"""The head and the body of an answer that needs no waiting, None: it does. Any thread may ask."""

_log = logging.getLogger(__name__)


class HandoverLoop(uvloop.Loop):
    """An event loop that never hears of the requests which can be answered at once.

    granian calls ``call_soon_threadsafe(run, coroutine, watcher)`` for each request; the watcher has its ASGI scope and
    the way to answer it. Nobody promises that: what looks different, or fails, goes to the loop as it always would.
    """

    def __init__(self, at_once: AtOnce) -> None:
        super().__init__()
        self._at_once = at_once
        self._no_more_to_do = asyncio.Handle(_log.debug, (), self)
        self._no_more_to_do.cancel()

    def call_soon_threadsafe(
        self, callback: Callable[[Unpack[Given]], object], *args: Unpack[Given], context: Context | None = None
    ) -> asyncio.Handle:
        """Answer at once, or call back soon."""
        given: tuple[object, ...] = args
        if len(given) == 2 and isinstance(given[0], CoroutineType) and self._answered(given[1]):
            given[0].close()
            return self._no_more_to_do
        return super().call_soon_threadsafe(callback, *args, context=context)

    def _answered(self, watcher: Any) -> bool:
        scope = getattr(watcher, "scope", None)
        if not isinstance(scope, dict):
            return False
        try:
            messages = self._at_once(scope)
            if messages is None:
                return False
            send = watcher.proto.send
            send(messages[0])
            send(messages[1])
        except Exception:  # noqa: BLE001 (whatever it is, the loop can still answer)
            _log.exception("a request was not answered at once")
            return False
        return True
