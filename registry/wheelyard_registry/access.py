"""Who may do what. For now: anybody may read, a token may write."""

from __future__ import annotations

import anyio.to_thread
from starlette.requests import Request

from wheelyard_registry.catalogue.tokens import Tokens
from wheelyard_registry.errors import Unauthenticated
from wheelyard_registry.identity import Identity, token_of


class Access:
    """Recognises the sender of a request."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def require(self, request: Request) -> Identity:
        """The identity behind a request that writes.

        Raises:
            Unauthenticated: there is no token, or not one that this registry knows. Both answer 401, because pip and
                uv ask keyring, netrc or the user only then.
        """
        header = request.headers.get("authorization")
        token = token_of(header)
        identity = None if token is None else await anyio.to_thread.run_sync(self._tokens.recognise, token)
        if identity is None:
            raise Unauthenticated(given=header is not None)
        return identity
