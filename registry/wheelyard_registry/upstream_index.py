"""Which indexes lie upstream, as a frozen value, and where each may send us."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TypeAlias

import httpx
from packaging.utils import NormalizedName

PYPI = "https://pypi.org/simple/"

_FILES_OF = {"pypi.org": ("files.pythonhosted.org",)}
"""Hosts that well-known indexes keep their files on."""


@dataclass(frozen=True, slots=True)
class UpstreamIndex:
    """A simple index somewhere else.

    Attributes:
        url: where it is, without credentials.
        names: shell-style patterns of the normalised names that come from here and from nowhere else; empty: all
            names that no other index claims, after the indexes before it.
        file_hosts: hosts, beside its own, that its pages may link to and its answers may redirect to.
        login: ``user:password``, sent to the origin of ``url`` only.
        private_network: whether its hosts may have private addresses.
        proxy: URL of the HTTP proxy through which it is reached, which may carry credentials; None: directly. The proxy
            finds the addresses of hosts, so that it alone can refuse private ones.
    """

    url: str
    names: tuple[str, ...] = ()
    file_hosts: tuple[str, ...] = ()
    login: str | None = field(default=None, repr=False)
    private_network: bool = False
    proxy: str | None = field(default=None, repr=False)

    @classmethod
    def at(cls, url: str, *, private_network: bool = False) -> UpstreamIndex:
        """An index by its URL, which may carry credentials.

        Raises:
            ValueError: it is not an absolute http or https URL.
        """
        parsed = _http_url(url)
        login = f"{parsed.username}:{parsed.password}" if parsed.userinfo else None
        bare = str(parsed.copy_with(username=None, password=None))
        return cls(url=bare if bare.endswith("/") else f"{bare}/", login=login, private_network=private_network)

    def through(self, proxy: str, login: str | None = None) -> UpstreamIndex:
        """The same index, reached through a proxy. ``login`` is ``user:password`` for the proxy.

        Raises:
            ValueError: it is not the URL of an HTTP proxy.
        """
        parsed = _http_url(proxy)
        if login is not None:
            user, _, password = login.partition(":")
            parsed = parsed.copy_with(username=user, password=password)
        return replace(self, proxy=str(parsed))

    @property
    def host(self) -> str:
        """The host of its pages."""
        return httpx.URL(self.url).host

    @property
    def hosts(self) -> frozenset[str]:
        """All hosts that may be spoken to on its behalf."""
        return frozenset({self.host, *_FILES_OF.get(self.host, ()), *(name.lower() for name in self.file_hosts)})

    def claims(self, project: NormalizedName) -> bool:
        """Whether a pattern says that the name comes from here."""
        return any(fnmatchcase(project, pattern) for pattern in self.names)

    def may_reach(self, host: str, address: str) -> bool:
        """Whether a host of this index may be at this address.

        A literal address, or ``localhost``, in the configuration is meant. A name that leads to a private address
        needs ``private_network``; one that leads to a link-local address, or another where clouds keep their metadata,
        is refused.
        """
        found = _meant(ipaddress.ip_address(address.partition("%")[0]))
        if _is_literal(host):
            return host in self.hosts
        if (
            found.is_link_local
            or found.is_multicast
            or found.is_unspecified
            or any(found in kept for kept in _METADATA)
        ):
            return False
        return self.private_network or not any(found in network for network in _PRIVATE)


_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "::1", "fc00::/7")
)
"""Networks of one's own (RFC 1918, 4193, 6598) and this machine. Not all that is not global: what is set aside for
documentation is nobody's own, and gateways of closed networks use it for the hosts that they stand in for."""

_METADATA = tuple(
    ipaddress.ip_network(network)
    for network in ("fd00:ec2::/32", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16")
)
"""Where clouds keep their metadata at addresses that are not link-local: AWS, Google, Alibaba, Oracle, Azure."""

_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv4 addresses as hosts without IPv4 write them (RFC 6052)."""


def _meant(address: _Address) -> _Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    translated = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in _TRANSLATED else None
    return address.ipv4_mapped or address.sixtofour or translated or address


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _http_url(text: str) -> httpx.URL:
    try:
        parsed = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(str(error)) from error
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError("it is not an http or https URL")
    return parsed
