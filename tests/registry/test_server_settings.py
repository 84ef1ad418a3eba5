"""What the options of ``wheelyard serve`` come to, as the settings of a registry."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from wheelyard_registry.errors import CannotServe
from wheelyard_registry.server import settings
from wheelyard_registry.settings import Settings


def served(
    host: str = "127.0.0.1",
    *,
    anonymous_read: bool | None = None,
    trusted_proxies: tuple[str, ...] = (),
    upstreams_file: Path | None = None,
    upstream_proxy: str | None = None,
) -> Settings:
    """The settings of a registry that is given little."""
    return settings(
        data=Path("/data"),
        host=host,
        upstream=(),
        upstreams_file=upstreams_file,
        private_upstreams=False,
        upstream_proxy=upstream_proxy,
        no_upstream=True,
        database=None,
        max_upload=None,
        anonymous_read=anonymous_read,
        reserved=(),
        trusted_proxies=trusted_proxies,
    )


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_on_loopback_reading_needs_no_credentials(host: str) -> None:
    assert served(host).anonymous_read


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "index.example"])
def test_elsewhere_it_does(host: str) -> None:
    assert not served(host).anonymous_read


@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.1"])
def test_who_runs_it_may_decide_otherwise(host: str, chosen: bool) -> None:
    assert served(host, anonymous_read=chosen).anonymous_read is chosen


def test_proxies_are_addresses_and_networks() -> None:
    given = served(trusted_proxies=("10.0.0.0/8", "192.0.2.7", "2001:db8::/32"))
    assert given.trusted_proxies == tuple(map(ip_network, ("10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32")))


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy.example", "", "10.0.0.0/40", "*"])
def test_what_is_no_network_is_said_at_start(text: str) -> None:
    with pytest.raises(CannotServe, match="cannot be trusted"):
        served(trusted_proxies=(text,))


def test_an_upstream_that_names_no_proxy_of_its_own_is_reached_through_the_one_given(tmp_path: Path) -> None:
    file = tmp_path / "upstreams.toml"
    file.write_text('[[upstream]]\nurl = "http://a/"\nproxy = "http://own:1"\n[[upstream]]\nurl = "http://b/"\n')
    given = served(upstreams_file=file, upstream_proxy="http://proxy.example:3128")
    assert [index.proxy for index in given.upstreams] == ["http://own:1", "http://proxy.example:3128"]


def test_what_is_no_proxy_is_said_at_start(tmp_path: Path) -> None:
    file = tmp_path / "upstreams.toml"
    file.write_text('[[upstream]]\nurl = "http://a/"\n')
    with pytest.raises(CannotServe, match="the proxy before upstreams cannot be used: it is not an http or https URL"):
        served(upstreams_file=file, upstream_proxy="proxy.example:3128")
