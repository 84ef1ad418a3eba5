"""Upstreams behind a company's HTTP proxy: who is asked, who gets which login, what is still refused."""

from __future__ import annotations

import base64
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from tests.registry import wheels
from tests.registry.conftest import Clock, Registry, running
from tests.registry.fake_upstream import FakeUpstream

from wheelyard_registry.settings import Settings
from wheelyard_registry.upstream_index import UpstreamIndex

LOGIN = "Basic " + base64.b64encode(b"registry:let-me-out").decode()


@dataclass
class Proxy:
    """A forward proxy on loopback that knows one host, ``index.invalid``. It opens no tunnels.

    ``asked`` are the method and target of every request, ``logins`` what came as Proxy-Authorization and Authorization.
    """

    upstream: FakeUpstream
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    logins: list[tuple[str | None, str | None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._note()
            target = urlsplit(self.path)
            assert target.hostname == "index.invalid"
            connection = http.client.HTTPConnection("127.0.0.1", urlsplit(proxy.upstream.url).port or 80)
            passed = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
            connection.request("GET", target.path, headers=passed)
            answer = connection.getresponse()
            body = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"transfer-encoding", "connection", "content-length", "date", "server"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            connection.close()

        def do_CONNECT(self) -> None:
            self._note()
            self.send_error(403, "no tunnels")

        def _note(self) -> None:
            proxy.asked.append((self.command, self.path))
            proxy.logins.append((self.headers["Proxy-Authorization"], self.headers["Authorization"]))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@pytest.fixture
def proxy(upstream: FakeUpstream) -> Iterator[Proxy]:
    made = Proxy(upstream)
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(made)) as server:
        made.port = server.server_port
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield made
        server.shutdown()
        thread.join()


@contextmanager
def before(data: Path, index: UpstreamIndex) -> Iterator[Registry]:
    """A registry before one upstream."""
    settings = Settings(data=data, upstreams=(index,), upstream_retries=0, upstream_timeout=5, anonymous_read=True)
    with running(settings, Clock()) as started:
        yield started


def test_pages_and_files_come_through_the_proxy_which_finds_the_host(
    tmp_path: Path, upstream: FakeUpstream, proxy: Proxy
) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0"))
    with before(tmp_path, UpstreamIndex.at("http://index.invalid/simple/").through(proxy.url)) as registry:
        assert registry.page("six")["versions"] == ["1.16.0"]
        assert registry.client.get(f"/files/six/{built.filename}").content == built.data
    assert proxy.asked == [
        ("GET", "http://index.invalid/simple/six/"),
        ("GET", f"http://index.invalid/packages/{built.filename}"),
    ]


def test_each_login_goes_where_it_belongs(tmp_path: Path, upstream: FakeUpstream, proxy: Proxy) -> None:
    upstream.add("six", wheels.wheel("six", "1.16.0"))
    index = UpstreamIndex.at("http://reader:secret@index.invalid/simple/").through(proxy.url, "registry:let-me-out")
    with before(tmp_path, index) as registry:
        assert registry.page("six")["versions"] == ["1.16.0"]
    of_index = "Basic " + base64.b64encode(b"reader:secret").decode()
    assert proxy.logins == [(LOGIN, of_index)]
    assert upstream.logins == [of_index]
    assert "let-me-out" not in repr(index)


def test_https_is_tunnelled_and_a_refused_tunnel_is_told_without_the_login(tmp_path: Path, proxy: Proxy) -> None:
    index = UpstreamIndex.at("https://reader:secret@index.invalid/simple/").through(proxy.url, "registry:let-me-out")
    with before(tmp_path, index) as registry:
        refused = registry.client.get("/simple/six/")
    assert (refused.status_code, refused.json()["code"]) == (502, "upstream-failed")
    assert "403 no tunnels" in refused.json()["message"]
    assert "let-me-out" not in refused.text
    assert proxy.asked == [("CONNECT", "index.invalid:443")]
    assert proxy.logins == [(LOGIN, None)]


def test_the_proxy_is_not_asked_for_a_host_of_nobody(tmp_path: Path, upstream: FakeUpstream, proxy: Proxy) -> None:
    built = upstream.add("six", wheels.wheel("six", "1.16.0"))
    upstream.redirects[built.filename] = "http://169.254.169.254/latest/meta-data/"
    with before(tmp_path, UpstreamIndex.at("http://index.invalid/simple/").through(proxy.url)) as registry:
        refused = registry.client.get(f"/files/six/{built.filename}")
    assert (refused.status_code, refused.json()["code"]) == (502, "upstream-host")
    assert not any("169.254" in target for _, target in proxy.asked)


def test_a_variable_of_the_environment_makes_no_proxy(
    tmp_path: Path, upstream: FakeUpstream, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.add("six", wheels.wheel("six", "1.16.0"))
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "")
    with before(tmp_path, UpstreamIndex.at(upstream.url)) as registry:
        assert registry.page("six")["versions"] == ["1.16.0"]
    assert proxy.asked == []
