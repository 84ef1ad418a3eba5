"""Who sends a request, and whether they may do what they ask for.

401 says: say who you are, or say it better. pip and uv then ask netrc, keyring or a person. 403 says: I know you, and
you may not. Nothing is ever hidden behind a 404, because uv then goes on to the next index.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import anyio.to_thread
from packaging.utils import NormalizedName
from starlette.requests import Request

from wheelyard_registry.catalogue.accounts import Accounts
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.tokens import Remembered, Tokens
from wheelyard_registry.credentials import Login, Token, credentials_of
from wheelyard_registry.errors import Forbidden, Unauthenticated
from wheelyard_registry.identity import ANONYMOUS_READER, Identity, Right
from wheelyard_registry.passwords import PasswordGate, is_legacy


class Access:
    """Recognises the senders of requests and holds their rights against what they want."""

    def __init__(self, tokens: Tokens, accounts: Accounts, clock: Clock, *, anonymous_read: bool) -> None:
        self._tokens = tokens
        self._accounts = accounts
        self._clock = clock
        self._gate = PasswordGate(clock)
        self._anonymous_read = anonymous_read

    async def identify(self, request: Request) -> Identity | None:
        """Who sends this; None if it carries no credentials.

        Raises:
            Unauthenticated: the credentials are not known here.
            TooManyAttempts: too many wrong passwords came from there.
        """
        header = request.headers.get("authorization")
        if header is None:
            return None
        given = credentials_of(header)
        if isinstance(given, Token):
            now = self._clock()
            known = self._tokens.remembered(given, now)
            if known is not None:
                return known.identity
            return await anyio.to_thread.run_sync(self._tokens.recognise, given, now)
        if given is None:
            raise Unauthenticated("the credentials are not known to this registry")
        return await self._log_in(given, request.client.host if request.client else "")

    def remembered(self, authorization: bytes | None) -> Remembered | None:
        """Who sends this, and for how long that stands; None: it takes the database to tell. Any thread may ask."""
        if authorization is None:
            return _ANYBODY if self._anonymous_read else None
        given = credentials_of(authorization.decode("latin-1"))
        with suppress(Unauthenticated):
            return self._tokens.remembered(given, self._clock()) if isinstance(given, Token) else None
        return None

    async def recognised(self, authorization: bytes | None) -> Remembered | None:
        """The same, with the database asked about a token; None: only :meth:`identify` can tell."""
        known = self.remembered(authorization)
        given = None if known or authorization is None else credentials_of(authorization.decode("latin-1"))
        if not isinstance(given, Token):
            return known
        now = self._clock()
        with suppress(Unauthenticated):
            return Remembered(await anyio.to_thread.run_sync(self._tokens.recognise, given, now), now, now)
        return None

    async def _log_in(self, login: Login, address: str) -> Identity:
        stored = await anyio.to_thread.run_sync(self._accounts.password, login.user)
        if not await self._gate.admits(login.user, login.password, stored, address=address):
            raise Unauthenticated("the user name or the password is wrong")
        if stored is not None and is_legacy(stored):
            fresh = await self._gate.hash(login.password)
            await anyio.to_thread.run_sync(self._accounts.improve_password, login.user, stored, fresh)
        return await anyio.to_thread.run_sync(self._accounts.identity, login.user)

    async def hash_password(self, password: str) -> str:
        """The hash to store of a new password; see :meth:`.PasswordGate.hash`."""
        return await self._gate.hash(password)

    async def require(self, request: Request, right: Right, project: NormalizedName) -> Identity:
        """The sender, who holds ``right`` over ``project``.

        Raises:
            Unauthenticated, TooManyAttempts: as :meth:`identify`, and where there are no credentials at all.
            Forbidden: the sender is known and may not.
        """
        identity = await self._sender(request, right)
        if not identity.may(right, project):
            raise Forbidden(right=right.value, project=project)
        return identity

    async def require_somewhere(self, request: Request, right: Right) -> Identity:
        """The sender, who holds ``right`` over some project: which one is known only later."""
        identity = await self._sender(request, right)
        if not identity.may_somewhere(right):
            raise Forbidden(right=right.value, project=None)
        return identity

    async def require_everywhere(self, request: Request, right: Right) -> Identity:
        """The sender, who holds ``right`` over all projects."""
        identity = await self._sender(request, right)
        if not identity.may_everywhere(right):
            raise Forbidden(right=right.value, project=None)
        return identity

    async def require_user(self, request: Request) -> Identity:
        """The sender, whoever it is, as long as it says so."""
        identity = await self.identify(request)
        if identity is None:
            raise Unauthenticated("this needs credentials")
        return identity

    async def _sender(self, request: Request, right: Right) -> Identity:
        identity = await self.identify(request)
        if identity is not None:
            return identity
        if right is Right.READ and self._anonymous_read:
            return ANONYMOUS_READER
        doing = "reading from" if right is Right.READ else "writing to"
        raise Unauthenticated(f"{doing} this registry needs a token")


_ANYBODY = Remembered(
    ANONYMOUS_READER,
    since=dt.datetime.min.replace(tzinfo=dt.timezone.utc),
    until=dt.datetime.max.replace(tzinfo=dt.timezone.utc),
)
