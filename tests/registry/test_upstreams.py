"""Several upstreams: which one a name comes from, whom we speak to for it, and what its faults do."""

from __future__ import annotations

import base64
import ipaddress
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from httpx import Response
from tests.registry import wheels
from tests.registry.conftest import Clock, Registry, running
from tests.registry.fake_upstream import FakeUpstream, serving_upstream
from tests.registry.wheels import Built, core_metadata

from wheelyard_registry.errors import CannotServe
from wheelyard_registry.settings import Settings
from wheelyard_registry.upstream_index import UpstreamIndex
from wheelyard_registry.upstreams_file import read_upstreams


@pytest.fixture
def second() -> Iterator[FakeUpstream]:
    with serving_upstream() as index:
        yield index


@contextmanager
def before(folder: Path, upstreams: Sequence[UpstreamIndex], *, retries: int = 0) -> Iterator[Registry]:
    """A registry before these upstreams, which does not wait long for them."""
    settings = Settings(
        data=folder / "data",
        upstreams=tuple(upstreams),
        upstream_retries=retries,
        upstream_timeout=0.5,
        anonymous_read=True,
    )
    with running(settings, Clock()) as started:
        yield started


def at(upstream: FakeUpstream, *names: str) -> UpstreamIndex:
    return replace(UpstreamIndex.at(upstream.url), names=names)


def large(upstream: FakeUpstream) -> Built:
    return upstream.add("six", wheels.wheel("six", "1.16.0", padding=5_000_000))


def fetch(registry: Registry, built: Built) -> Response:
    return registry.client.get(f"/files/six/{built.filename}")


# --- which index a name comes from


def test_a_claimed_name_comes_from_the_index_that_claims_it(
    tmp_path: Path, upstream: FakeUpstream, second: FakeUpstream
) -> None:
    upstream.add("torch", wheels.wheel("torch", "9.0"))
    cuda = second.add("torch", wheels.wheel("torch", "2.0+cu126"))
    with before(tmp_path, [at(upstream), at(second, "torch", "nvidia-*")]) as registry:
        assert registry.page("torch")["versions"] == ["2.0+cu126"]
        assert registry.client.get(f"/files/torch/{cuda.filename}").content == cuda.data
        assert registry.client.get("/simple/nvidia-cublas/").status_code == 404
    assert upstream.requests == []


def test_an_index_that_claims_names_is_asked_for_no_others(
    tmp_path: Path, upstream: FakeUpstream, second: FakeUpstream
) -> None:
    upstream.add("six", wheels.wheel("six", "1.16.0"))
    with before(tmp_path, [at(second, "torch"), at(upstream)]) as registry:
        assert registry.page("six")["versions"] == ["1.16.0"]
    assert second.requests == []


def test_the_first_index_that_has_a_name_serves_all_of_it(
    tmp_path: Path, upstream: FakeUpstream, second: FakeUpstream
) -> None:
    upstream.add("six", wheels.wheel("six", "1.0"))
    second.add("six", wheels.wheel("six", "99.0"))
    second.add("only-there", wheels.wheel("only_there", "1.0"))
    with before(tmp_path, [at(upstream), at(second)]) as registry:
        assert registry.page("six")["versions"] == ["1.0"]
        assert registry.page("only-there")["versions"] == ["1.0"]


def test_an_index_that_fails_is_not_passed_by(tmp_path: Path, upstream: FakeUpstream, second: FakeUpstream) -> None:
    second.add("six", wheels.wheel("six", "99.0"))
    upstream.down = True
    with before(tmp_path, [at(upstream), at(second)]) as registry:
        assert registry.client.get("/simple/six/").json()["code"] == "upstream-failed"


def test_a_name_is_free_only_if_no_index_has_it(tmp_path: Path, upstream: FakeUpstream, second: FakeUpstream) -> None:
    second.add("demand-model", wheels.wheel("demand_model", "0.1"))
    with before(tmp_path, [at(upstream), at(second)]) as registry:
        assert registry.upload(wheels.wheel()).json()["code"] == "name-taken"


# --- whom we speak to


def test_a_login_goes_to_its_own_origin_only(tmp_path: Path, upstream: FakeUpstream, second: FakeUpstream) -> None:
    upstream.login = "Basic " + base64.b64encode(b"reader:secret").decode()
    built = upstream.add("six", wheels.wheel("six", "1.16.0"))
    second.add("six", built)
    elsewhere = second.url.replace("/simple/", f"/packages/{built.filename}")
    upstream.redirects[built.filename] = elsewhere
    index = UpstreamIndex.at(upstream.url.replace("//", "//reader:secret@"))
    with before(tmp_path, [index]) as registry:
        assert fetch(registry, built).content == built.data
        assert "secret" not in registry.client.get("/simple/six/").text
    assert set(upstream.logins) == {upstream.login}
    assert second.logins == [""]
    assert "secret" not in repr(index)


def test_a_redirect_to_a_host_of_nobody_is_refused(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0"))
    upstream.redirects[built.filename] = "http://169.254.169.254/latest/meta-data/"
    refused = fetch(mirror, built)
    assert (refused.status_code, refused.json()["code"]) == (502, "upstream-host")
    assert "leads to the host 169.254.169.254, which is not one of its own" in refused.json()["message"]
    assert mirror.stored_files() == []


def test_a_page_that_links_to_a_host_of_nobody_lists_a_file_that_cannot_be_had(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    link = '<a href="http://evil.example/six-1.0-py3-none-any.whl">six</a>'
    upstream.garbage["/simple/six/"] = ("text/html", link.encode())
    refused = mirror.client.get("/files/six/six-1.0-py3-none-any.whl")
    assert (refused.status_code, refused.json()["code"]) == (502, "upstream-host")
    assert mirror.client.get("/files/six/six-1.0-py3-none-any.whl.metadata").json()["code"] == "upstream-host"


def test_a_page_that_redirects_to_a_host_of_nobody_is_refused(mirror: Registry, upstream: FakeUpstream) -> None:
    upstream.redirects["/simple/six/"] = "http://evil.example/simple/six/"
    refused = mirror.client.get("/simple/six/")
    assert (refused.status_code, refused.json()["code"]) == (502, "upstream-host")


def test_links_and_redirects_to_a_file_host_of_the_index_are_followed(tmp_path: Path, upstream: FakeUpstream) -> None:
    linked, moved = (wheels.wheel("six", version) for version in ("1.15.0", "1.16.0"))
    for built in (linked, moved):
        upstream.add("elsewhere", built)
    host = upstream.url.replace("127.0.0.1", "localhost").removesuffix("simple/")
    link = f'<a href="{host}packages/{linked.filename}">a</a><a href="/moved/{moved.filename}">b</a>'
    upstream.garbage["/simple/six/"] = ("text/html", link.encode())
    upstream.redirects[f"/moved/{moved.filename}"] = f"{host}packages/{moved.filename}"
    index = replace(UpstreamIndex.at(upstream.url), file_hosts=("localhost",))
    with before(tmp_path, [index]) as registry:
        assert [fetch(registry, built).content == built.data for built in (linked, moved)] == [True, True]


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "::ffff:192.168.0.1", "::1", "100.64.0.1", "64:ff9b::a01:203"]
)
def test_a_name_that_leads_to_a_private_address_is_refused_unless_configured(address: str) -> None:
    url = "https://devpi.internal/root/pypi/+simple/"
    assert not UpstreamIndex.at(url).may_reach("devpi.internal", address)
    assert UpstreamIndex.at(url, private_network=True).may_reach("devpi.internal", address)
    assert UpstreamIndex.at(url).may_reach("devpi.internal", "151.101.0.223")


def test_the_address_is_checked_where_the_connection_is_made(tmp_path: Path, upstream: FakeUpstream) -> None:
    name = socket.gethostname()
    if not is_own_private_name(name):
        pytest.skip(f"{name}, the name of this machine, does not lead to a private address")
    upstream.add("six", wheels.wheel("six", "1.16.0"))
    with before(tmp_path, [UpstreamIndex.at(upstream.url.replace("127.0.0.1", name))]) as registry:
        refused = registry.client.get("/simple/six/")
    assert (refused.status_code, refused.json()["code"]) == (502, "upstream-host")
    assert "which is not a public one" in refused.json()["message"]


def is_own_private_name(name: str) -> bool:
    try:
        return "." in name or not ipaddress.ip_address(socket.gethostbyname(name)).is_global
    except OSError:
        return False


@pytest.mark.parametrize(
    "address",
    [
        *("169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"),
        *("fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
    ],
)
def test_metadata_addresses_are_refused_to_names_also_in_a_private_network(address: str) -> None:
    index = UpstreamIndex.at("https://devpi.internal/root/pypi/+simple/", private_network=True)
    assert not index.may_reach("devpi.internal", address)


def test_files_of_pypi_come_from_its_file_host() -> None:
    assert UpstreamIndex.at("https://pypi.org/simple").hosts == {"pypi.org", "files.pythonhosted.org"}


# --- the file that describes them


def test_a_file_describes_several_upstreams(tmp_path: Path) -> None:
    path = tmp_path / "upstreams.toml"
    path.write_text(
        '[[upstream]]\nurl = "https://download.pytorch.org/whl/cu126"\nnames = ["torch", "nvidia-*"]\n'
        'file-hosts = ["download-r2.pytorch.org"]\nlogin-variable = "TORCH_LOGIN"\n\n'
        '[[upstream]]\nurl = "https://pypi.org/simple/"\nprivate-network = true\n'
        'proxy = "http://proxy.example:3128"\nproxy-login-variable = "PROXY_LOGIN"\n'
    )
    torch, rest = read_upstreams(path, {"TORCH_LOGIN": "me:pass", "PROXY_LOGIN": "us:out@here"})
    assert torch.url == "https://download.pytorch.org/whl/cu126/"
    assert (torch.names, torch.login) == (("torch", "nvidia-*"), "me:pass")
    assert torch.hosts == {"download.pytorch.org", "download-r2.pytorch.org"}
    through = "http://us:out%40here@proxy.example:3128"
    assert rest == UpstreamIndex("https://pypi.org/simple/", private_network=True, proxy=through)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has no [[upstream]]"),
        ("[[upstream]]\nnames = []", "an [[upstream]] has no url"),
        ('[[upstream]]\nurl = "ftp://x/"', "the url 'ftp://x/' cannot be used: it is not an http or https URL"),
        ('[[upstream]]\nurl = "http://x/"\nname = "a"', "name is not a key"),
        ('[[upstream]]\nurl = "http://x/"\nnames = "a"', "names is a list of strings"),
        ('[[upstream]]\nurl = "http://x/"\nprivate-network = 1', "private-network is true or false"),
        ('[[upstream]]\nurl = "http://x/"\nlogin-variable = "NO"', "the environment variable NO does not hold"),
        (
            '[[upstream]]\nurl = "http://x/"\nproxy = "socks5://x"',
            "the proxy cannot be used: it is not an http or https URL",
        ),
        (
            '[[upstream]]\nurl = "http://x/"\nproxy-login-variable = "HOME"',
            "the environment variable HOME does not hold",
        ),
        ("not toml", "does not describe upstream indexes"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "upstreams.toml"
    path.write_text(text)
    with pytest.raises(CannotServe) as refused:
        read_upstreams(path, {"LOGIN": "us:out"})
    assert said in str(refused.value)


# --- faults


def test_a_file_that_breaks_off_goes_on_where_it_did(tmp_path: Path, upstream: FakeUpstream) -> None:
    built = large(upstream)
    upstream.cuts = [2_500_000, 1_500_000]
    with before(tmp_path, [at(upstream)], retries=2) as registry:
        assert fetch(registry, built).content == built.data
    assert upstream.asked_for(built.filename) == ["", "bytes=2097152-", "bytes=3145728-"]


def test_where_ranges_fail_a_file_that_broke_off_is_fetched_again(tmp_path: Path, upstream: FakeUpstream) -> None:
    built = large(upstream)
    upstream.cuts, upstream.honours_ranges = [2_000_000], False
    with before(tmp_path, [at(upstream)], retries=2) as registry:
        assert fetch(registry, built).content == built.data


def test_a_file_that_changes_while_it_is_fetched_breaks_off(tmp_path: Path, upstream: FakeUpstream) -> None:
    built = large(upstream)
    upstream.cuts, upstream.honours_ranges = [2_000_000], False
    with before(tmp_path, [at(upstream)], retries=1) as registry:
        upstream.served_instead[built.filename] = b"!" * len(built.data)
        assert registry.client.breaks_off(f"/files/six/{built.filename}")
        assert registry.stored_files() == []


def test_a_file_that_breaks_off_for_good_is_not_kept(tmp_path: Path, upstream: FakeUpstream) -> None:
    built = large(upstream)
    upstream.cuts = [2_000_000]
    with before(tmp_path, [at(upstream)]) as registry:
        assert registry.client.breaks_off(f"/files/six/{built.filename}")
        assert registry.stored_files() == []
        assert fetch(registry, built).content == built.data


def test_an_upstream_that_hangs_is_given_up(tmp_path: Path, upstream: FakeUpstream) -> None:
    built = large(upstream)
    with before(tmp_path, [at(upstream)]) as registry:
        registry.page("six")
        upstream.silent = True
        refused = fetch(registry, built)
        assert (refused.status_code, refused.json()["code"]) == (504, "upstream-timeout")
        registry.clock.forward(hours=1)
        assert registry.page("six")["versions"] == ["1.16.0"]
        assert registry.stored_files() == []


def test_an_upstream_that_hangs_is_waited_for_once_not_for_each_known_page(
    tmp_path: Path, upstream: FakeUpstream
) -> None:
    for name in ("six", "seven"):
        upstream.add(name, wheels.wheel(name, "1.16.0"))
    with before(tmp_path, [at(upstream)]) as registry:
        pages = [registry.page(name) for name in ("six", "seven")]
        registry.clock.forward(hours=1)
        upstream.silent = True
        upstream.requests.clear()
        assert [registry.page(name) for name in ("six", "seven")] == pages
        assert [path for path, _ in upstream.requests] == ["/simple/six/"]
        registry.clock.forward(minutes=1)
        registry.page("seven")
        assert [path for path, _ in upstream.requests] == ["/simple/six/", "/simple/seven/"]


@pytest.mark.parametrize("status", [429, 503])
def test_an_upstream_that_is_busy_is_asked_again(tmp_path: Path, upstream: FakeUpstream, status: int) -> None:
    built = large(upstream)
    upstream.busy = [status]
    with before(tmp_path, [at(upstream)], retries=1) as registry:
        assert registry.page("six")["versions"] == ["1.16.0"]
        upstream.busy = [status]
        assert fetch(registry, built).content == built.data


@pytest.mark.parametrize(
    "garbage",
    [
        ("text/html", b"<!DOCTYPE html><title>Log in</title><a href='/login'>here</a>"),
        ("application/vnd.pypi.simple.v1+json", b'{"meta": {"api-version": "1.0"}, "files": ['),
        ("application/vnd.pypi.simple.v1+json", b'{"meta": {"api-version": "2.0"}, "files": []}'),
        ("image/png", b"\x89PNG"),
    ],
)
def test_a_garbage_page_replaces_nothing_and_is_an_error_where_nothing_is_known(
    mirror: Registry, upstream: FakeUpstream, garbage: tuple[str, bytes]
) -> None:
    large(upstream)
    upstream.garbage["/other/"] = garbage
    assert mirror.client.get("/simple/other/").json()["code"] == "upstream-failed"
    page = mirror.page("six")
    upstream.garbage["/six/"] = garbage
    mirror.clock.forward(hours=1)
    assert mirror.page("six") == page


def test_a_file_that_changed_under_its_name_is_served_as_its_page_says(
    mirror: Registry, upstream: FakeUpstream
) -> None:
    first = upstream.add("six", wheels.wheel("six", "1.16.0"))
    assert fetch(mirror, first).content == first.data
    changed = wheels.wheel("six", "1.16.0", padding=9)
    upstream.files["six"] = [changed]
    mirror.clock.forward(hours=1)
    assert mirror.only_file("six")["hashes"]["sha256"] == changed.sha256
    assert fetch(mirror, changed).content == changed.data


def test_metadata_is_held_against_the_wheel_once_that_is_here(mirror: Registry, upstream: FakeUpstream) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0"))
    upstream.offers_metadata[built.filename] = b"Metadata-Version: 2.1\nName: six\nVersion: 0\n"
    assert b"Version: 0" in mirror.client.get(f"/files/six/{built.filename}.metadata").content
    assert fetch(mirror, built).content == built.data
    own = core_metadata("six", "1.16.0")
    assert mirror.client.get(f"/files/six/{built.filename}.metadata").content == own
    assert mirror.only_file("six")["core-metadata"] == {"sha256": Built("", own).sha256}


def test_fifty_clients_of_a_file_that_is_not_here_yet_cost_one_fetch(mirror: Registry, upstream: FakeUpstream) -> None:
    built = large(upstream)
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: fetch(mirror, built).content == built.data, range(50)))
    assert answers == [True] * 50
    assert upstream.asked_for(built.filename) == [""]
