"""What goes out on behalf of an upstream index: to which hosts, at which addresses, with whose credentials.

The host is checked on every request and every redirect; the address is checked where the connection is made, so that
a name cannot be resolved to one address for the check and to another for the connection. A proxy makes the connections
itself: where one is configured, addresses are its business.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import ssl
from collections.abc import Iterable

import httpcore
import httpx

from wheelyard_registry.upstream_errors import ForbiddenHost
from wheelyard_registry.upstream_index import UpstreamIndex

_LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=32)


def client_of(index: UpstreamIndex, *, timeout: float, retries: int) -> httpx.AsyncClient:
    """A client that speaks to the hosts of an index only. Raises ForbiddenHost when it is asked to speak to another."""
    origin = httpx.URL(index.url)

    async def check(request: httpx.Request) -> None:
        if request.url.host not in index.hosts:
            raise ForbiddenHost(index=index.url, host=request.url.host)
        if index.login is not None and _origin(request.url) == _origin(origin):
            request.headers["Authorization"] = "Basic " + base64.b64encode(index.login.encode()).decode()
        else:
            request.headers.pop("Authorization", None)

    return httpx.AsyncClient(
        transport=_transport(index, retries=retries),
        timeout=httpx.Timeout(timeout, pool=None),
        follow_redirects=True,
        max_redirects=5,
        headers={"User-Agent": "wheelyard"},
        event_hooks={"request": [check]},
        # A .netrc of the account that runs the server is not this index's login, and a proxy that some variable names
        # would take the place of the addresses' check with nobody having said so.
        trust_env=False,
    )


def _transport(index: UpstreamIndex, *, retries: int) -> httpx.AsyncBaseTransport:
    if index.proxy is None:
        return _Transport(index, retries=retries)
    return httpx.AsyncHTTPTransport(verify=_trust(), limits=_LIMITS, proxy=index.proxy)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's transport over connections whose addresses are checked; it has no parameter for these."""

    def __init__(self, index: UpstreamIndex, *, retries: int) -> None:
        context = _trust()
        super().__init__(verify=context, limits=_LIMITS, retries=retries)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=_LIMITS.max_connections,
            max_keepalive_connections=_LIMITS.max_keepalive_connections,
            keepalive_expiry=_LIMITS.keepalive_expiry,
            retries=retries,
            network_backend=_CheckedAddresses(index),
        )


class _CheckedAddresses(httpcore.AsyncNetworkBackend):
    """Connects to an address only after it has been checked."""

    def __init__(self, index: UpstreamIndex) -> None:
        self._index = index
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of ``host`` that may be reached and answers."""
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await _addresses(host, port, timeout):
            if not self._index.may_reach(host, address):
                raise ForbiddenHost(index=self._index.url, host=host, address=address)
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        """Wait between two attempts to connect."""
        await self._backend.sleep(seconds)


async def _addresses(host: str, port: int, patience: float | None) -> list[str]:
    looking = asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    try:
        found = await asyncio.wait_for(looking, patience)
    except asyncio.TimeoutError as error:
        raise httpcore.ConnectTimeout(f"the name {host} was not resolved in time") from error
    except OSError as error:
        raise httpcore.ConnectError(f"the name {host} cannot be resolved") from error
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def _trust() -> ssl.SSLContext:
    # Both: the bundle that httpx brings (or SSL_CERT_FILE names), and the system's, where companies put their own CA.
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context
