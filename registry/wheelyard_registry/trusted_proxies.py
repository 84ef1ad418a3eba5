"""Behind a reverse proxy: whose word counts about who sent a request."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from granian.utils.proxies import wrap_asgi_with_proxy_headers
from starlette.types import ASGIApp

Network = IPv4Network | IPv6Network


def trusting(app: ASGIApp, proxies: Sequence[Network]) -> ASGIApp:
    """The same application; a request from one of ``proxies`` was sent by whom its ``X-Forwarded-For`` names.

    That is the last address there that is not a proxy's: what stands before it the sender may have made up. The headers
    of anybody else change nothing.
    """
    if not proxies:
        return app
    # A server that listens on all addresses meets IPv4 proxies by IPv6 addresses (RFC 4291, 2.5.5.2).
    mapped = [_mapped(network) for network in proxies if isinstance(network, IPv4Network)]
    trusted: ASGIApp = wrap_asgi_with_proxy_headers(app, [str(network) for network in (*proxies, *mapped)])
    return trusted


def _mapped(network: IPv4Network) -> IPv6Network:
    return IPv6Network(f"::ffff:{network.network_address}/{96 + network.prefixlen}")


def read_network(text: str) -> Network:
    """A network in CIDR notation, or one address.

    Raises:
        ValueError: it is neither, or has bits set behind its prefix.
    """
    return ip_network(text)
