"""The shortest ways to an answer held in memory: before the event loop, and in an ASGI layer in front of the routes.

The first waits for nothing, the second only, every two seconds, for a token to be looked up. Whatever is not held, not
certain or not a plain GET goes on to the routes, which decide everything anew; where they set terms, their answer is
held for the next.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from packaging.utils import NormalizedName
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wheelyard_registry.access import Access
from wheelyard_registry.catalogue.database import Clock, Database, Version
from wheelyard_registry.catalogue.tokens import Remembered
from wheelyard_registry.held_answers import Asked, HeldAnswer, HeldAnswers, Reader, Terms, asked_of, unchanged, whole
from wheelyard_registry.identity import Right
from wheelyard_registry.negotiation import matches
from wheelyard_registry.sent_files import PATHSEND, send_content

_TERMS = "wheelyard.terms"
_READ = ("/simple/", "/files/")
_CONTENTS = frozenset({"http.response.body", PATHSEND})
_DECIDED_BY_ROUTES = frozenset({b"range", b"if-range"})


def may_be_held(scope: MutableMapping[str, Any], terms: Terms) -> None:
    """Say of the answer to this request that the next who asks the same may have it too, on these terms."""
    scope[_TERMS] = terms


def caching(fresh_until: dt.datetime, now: dt.datetime) -> str:
    """The ``Cache-Control`` of a page that a client may keep for a while."""
    return f"public, max-age={max(0, int((fresh_until - now).total_seconds()))}"


class HotPath:
    """Answers from memory where that is possible, else hands on. ``watching`` is put around what takes its time."""

    def __init__(
        self, *, access: Access, database: Database, clock: Clock, watching: Callable[[ASGIApp], ASGIApp]
    ) -> None:
        self._held = HeldAnswers()
        self._access = access
        self._database = database
        self._clock = clock
        self._watching = watching

    def at_once(self, scope: Scope) -> tuple[Message, Message] | None:
        """The head and the body of an answer that needs no waiting; None: it does. Any thread may ask."""
        headers = _of_plain_read(scope)
        if headers is None:
            return None
        asked = asked_of(scope["path"], headers)
        answer = self._held.get(asked)
        if answer is None or answer.content["type"] == PATHSEND:
            return None
        authorization, now = headers.get(b"authorization"), self._clock()
        if answer.may_go_to(authorization, now) or _let(answer, authorization, self._access.remembered(authorization)):
            return self._as_of_now(asked, answer, headers, now)
        return None

    def before(self, app: ASGIApp) -> ASGIApp:
        """The same application, asked only where memory has no answer."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            headers = _of_plain_read(scope)
            if headers is None:
                await app(scope, receive, send)
                return
            asked = asked_of(scope["path"], headers)
            messages = await self._held_for(asked, headers)
            if messages is None:
                holding = _Holding(scope, receive, send, self._held, asked, self._database.version())
                await app(scope, receive, holding.send)
            elif messages[1]["type"] == PATHSEND:
                await self._watching(_sending(*messages))(scope, receive, send)
            else:
                await send(messages[0])
                await send(messages[1])

        return answer

    async def _held_for(self, asked: Asked, headers: Mapping[bytes, bytes]) -> tuple[Message, Message] | None:
        answer = self._held.get(asked)
        if answer is None:
            return None
        authorization, now = headers.get(b"authorization"), self._clock()
        # For a token the routes would find out the same, and then make the whole answer anew.
        if answer.may_go_to(authorization, now) or _let(
            answer, authorization, await self._access.recognised(authorization)
        ):
            return self._as_of_now(asked, answer, headers, now)
        return None

    def _as_of_now(
        self, asked: Asked, answer: HeldAnswer, headers: Mapping[bytes, bytes], now: dt.datetime
    ) -> tuple[Message, Message] | None:
        if answer.lasts(now) and self._says_the_same(answer.terms.project, answer.version):
            return _messages(answer, headers.get(b"if-none-match"), now)
        self._held.drop(asked)
        return None

    def _says_the_same(self, project: NormalizedName, since: Version) -> bool:
        """Whether nothing was committed since then that changes what is said of a project."""
        now = self._database.version()
        return now is not None and now.event == since.event and self._database.learnt_of(project) <= since.learnt


def _of_plain_read(scope: Scope) -> Mapping[bytes, bytes] | None:
    """The headers of a GET of a page or a file in which nothing else matters than what answers are held by."""
    if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(_READ):
        return None
    headers = dict(scope["headers"])
    repeated = len(headers) != len(scope["headers"])
    if scope["query_string"] or repeated or not _DECIDED_BY_ROUTES.isdisjoint(headers):
        return None
    return headers


def _let(answer: HeldAnswer, authorization: bytes | None, known: Remembered | None) -> bool:
    """Whether who is known by this ``Authorization`` may have the answer, which is noted for the next time."""
    if known is None or not known.identity.may(Right.READ, answer.terms.project):
        return False
    answer.let(authorization, Reader(known.since, known.until))
    return True


def _messages(answer: HeldAnswer, if_none_match: bytes | None, now: dt.datetime) -> tuple[Message, Message]:
    has_it = if_none_match is not None and (
        if_none_match == answer.etag or matches(if_none_match.decode("latin-1"), answer.etag.decode("latin-1"))
    )
    if answer.terms.fresh_until is None:
        return answer.unchanged if has_it else answer.whole
    headers = (*answer.headers, (b"cache-control", caching(answer.terms.fresh_until, now).encode()))
    return unchanged(headers) if has_it else whole(headers, answer.content)


def _sending(head: Message, file: Message) -> ASGIApp:
    async def answer(_: Scope, receive: Receive, send: Send) -> None:
        await send(head)
        await send_content(file, receive, send)

    return answer


class _Holding:
    """Passes an answer on, and holds it if the routes have set terms, and it is whole and of status 200.

    ``version`` is older than anything the routes will read: a change in between makes the answer void. Without one
    nothing is held.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        held: HeldAnswers,
        asked: Asked,
        version: Version | None,
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._held = held
        self._asked = asked
        self._version = version
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """See :class:`_Holding`."""
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] in _CONTENTS:
            self._hold(message)
        await send_content(message, self._receive, self._send)

    def _hold(self, message: Message) -> None:
        start, terms = self._start, self._scope.get(_TERMS)
        self._start = None
        if (
            start is None
            or terms is None
            or start["status"] != 200
            or message.get("more_body")
            or self._version is None
        ):
            return
        headers = tuple((name, value) for name, value in start["headers"])
        etag = dict(headers)[b"etag"]
        if terms.fresh_until is not None:
            headers = tuple(header for header in headers if header[0] != b"cache-control")
        self._held.keep(self._asked, HeldAnswer(terms, message, headers, etag, self._version))
