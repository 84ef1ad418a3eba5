"""One GET at a time: bounded retries, credentials that stay with their origin, and errors that people can act on.

tenacity rather than a retrying httpx transport: a transport has handed the response over before its body is read,
and a connection that breaks in the middle of a body is worth another attempt as well.
"""

from __future__ import annotations

import contextlib
import email.utils
import netrc
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias, TypeVar

import httpx
import tenacity

from wheelyard_cli import __version__
from wheelyard_cli.routing import without_credentials
from wheelyard_resolver.errors import AuthenticationRequired, IndexUnreachable

CONNECTIONS = 16
"""Requests under way at the same time."""

_ATTEMPTS = 5
_LONGEST_WAIT = 60.0
_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)

T = TypeVar("T")


class _Transient(Exception):
    """Worth another attempt. ``after`` is how many seconds the server asks to wait."""

    def __init__(self, reason: str, *, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


Keyring: TypeAlias = Callable[[str, str], "tuple[str, str] | None"]
"""Gives user and password for a URL and its host."""


class OriginAuth(httpx.Auth):
    """Credentials by origin: those that the index URLs carry, else a token, else those of the netrc file.

    A server that refuses a request without credentials (401) is asked again with those of the keyring, if one is
    installed: not before, for a keyring may ask a person for a password.

    httpx drops the ``Authorization`` header when a redirect leaves the origin.
    """

    def __init__(
        self,
        urls: Iterable[str],
        environment: Mapping[str, str],
        tokens: Mapping[str, str] | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        self._keyring = keyring or installed_keyring
        self._tokens = {_origin(httpx.URL(url)): token for url, token in (tokens or {}).items() if token}
        self._given: dict[tuple[str, str, int | None], httpx.BasicAuth] = {}
        for url in map(httpx.URL, urls):
            if url.username or url.password:
                self._given[_origin(url)] = httpx.BasicAuth(url.username, url.password)
        self._netrc = _read_netrc(environment)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the credentials of the request's origin, if any are known."""
        given = self._given.get(_origin(request.url))
        token = self._tokens.get(_origin(request.url))
        if given is None and token is not None:
            given = httpx.BasicAuth("__token__", token)
        if given is None and self._netrc is not None:
            entry = self._netrc.authenticators(request.url.host)
            if entry is not None and entry[2]:
                given = httpx.BasicAuth(entry[0], entry[2])
        if given is not None:
            yield from given.auth_flow(request)
            return
        response = yield request
        # A body that was read from a file is gone: such a request cannot be sent again.
        if response.status_code == 401 and isinstance(request.stream, httpx.ByteStream):
            found = self._keyring(f"{request.url.scheme}://{request.url.netloc.decode()}/", request.url.host)
            if found is not None:
                yield from httpx.BasicAuth(*found).auth_flow(request)


def installed_keyring(url: str, host: str) -> tuple[str, str] | None:
    """User and password that the keyring of this machine holds for a URL or its host, as pip looks them up.

    None without them, without the package ``keyring``, and where the keyring cannot be opened.
    """
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    try:
        found = keyring.get_credential(url, None) or keyring.get_credential(host, None)
    except keyring.errors.KeyringError:
        return None
    return None if found is None else (found.username, found.password)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port  # httpx leaves out a port that is the scheme's own


def _read_netrc(environment: Mapping[str, str]) -> netrc.netrc | None:
    # A netrc file that cannot be used is none, as for pip: most indexes need no login.
    place = Path(environment.get("NETRC") or "~/.netrc").expanduser()
    try:
        return netrc.netrc(place)
    except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
        return None


class Transfer:
    """Sends GET requests over a shared pool of connections. Safe to use from several threads."""

    def __init__(
        self,
        index_urls: Iterable[str] = (),
        *,
        tokens: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        environment: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = httpx.Client(
            auth=OriginAuth(index_urls, os.environ if environment is None else environment, tokens),
            follow_redirects=True,
            headers={"User-Agent": f"wheelyard/{__version__}"},
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            timeout=_TIMEOUT,
            transport=transport,
        )
        self._sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, url: str, *, accept: str = "*/*") -> httpx.Response | None:
        """The whole response, or None where the server says that there is no such thing (404, 410).

        Raises:
            AuthenticationRequired, IndexUnreachable: any other answer than success, or none after several attempts.
        """

        def read(response: httpx.Response) -> httpx.Response | None:
            if response.status_code in {404, 410}:
                return None
            response.read()
            return response

        return self.read(url, {"Accept": accept}, read, expected={200, 404, 410})

    def read(
        self, url: str, headers: Mapping[str, str], take: Callable[[httpx.Response], T], *, expected: set[int]
    ) -> T:
        """What ``take`` makes of the open response; it is called anew after a broken connection.

        Raises:
            AuthenticationRequired, IndexUnreachable: an unexpected status, or no answer after several attempts.
        """
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Transient),
            wait=_wait,
            stop=tenacity.stop_after_attempt(_ATTEMPTS),
            sleep=self._sleep,
            reraise=True,
        )
        shown = without_credentials(url)
        try:
            answer: T = attempts(self._once, shown, headers, take, expected)
            return answer
        except _Transient as error:
            raise IndexUnreachable(url=shown, reason=str(error)) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise IndexUnreachable(url=shown, reason=_reason(error)) from error

    def _once(self, url: str, headers: Mapping[str, str], take: Callable[[httpx.Response], T], expected: set[int]) -> T:
        with _connection_trouble(), self._client.stream("GET", url, headers=dict(headers)) as response:
            if response.status_code in expected:
                return take(response)
            if response.status_code in {401, 403}:
                raise AuthenticationRequired(url=url, status=response.status_code)
            reason = f"it answered {response.status_code} {response.reason_phrase}".rstrip()
            if response.status_code in _TRANSIENT_STATUS:
                after = _retry_after(response)
                if after is None or after <= _LONGEST_WAIT:
                    raise _Transient(reason, after=after)
                reason += f" and asks to wait {after:.0f} seconds"
            raise IndexUnreachable(url=url, reason=reason)


@contextlib.contextmanager
def _connection_trouble() -> Iterator[None]:
    try:
        yield
    except httpx.UnsupportedProtocol:
        raise
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise _Transient(_reason(error)) from error


def _reason(error: Exception) -> str:
    text = str(error).strip()
    if isinstance(error, httpx.TimeoutException):
        return text or "it did not answer in time"
    return text or type(error).__name__


def _wait(state: tenacity.RetryCallState) -> float:
    """As long as the server asks, else 0.5 seconds doubled with each attempt and spread at random."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Transient) and error.after is not None:
        return error.after
    return tenacity.wait_random_exponential(multiplier=0.5, max=8)(state)


def _retry_after(response: httpx.Response) -> float | None:
    """The ``Retry-After`` header in seconds (RFC 9110, 10.2.3): a number, or a date."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
