"""Behind reverse proxies: who sent a request is what they say, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from tests.registry import wheels
from tests.registry.api import call
from tests.registry.conftest import Clock, Registry, running

from wheelyard_registry.passwords import TRIES
from wheelyard_registry.settings import Settings
from wheelyard_registry.trusted_proxies import trusting

SOMEBODY, SOMEBODY_ELSE = "198.51.100.1", "198.51.100.2"
PROXIES = ("127.0.0.1/32", "10.0.0.0/8")
LOCAL = (ip_network("127.0.0.0/8"),)


async def _tell_sender(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope)
    assert request.client is not None
    await PlainTextResponse(f"{request.url.scheme} {request.client.host}")(scope, receive, send)


def seen(came_from: str, *forwarded: tuple[str, str], proxies: tuple[str, ...] = PROXIES) -> str:
    """Scheme and sender of a request that came from an address with these headers."""
    app = trusting(_tell_sender, [ip_network(text) for text in proxies])

    async def ask() -> str:
        transport = httpx.ASGITransport(app, client=(came_from, 12345))
        async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
            return (await client.get("/", headers=list(forwarded))).text

    return anyio.run(ask)


def for_(*senders: str) -> tuple[str, str]:
    """The header that nginx, Traefik, HAProxy and Caddy send."""
    return "X-Forwarded-For", ", ".join(senders)


HTTPS = ("X-Forwarded-Proto", "https")


@pytest.mark.parametrize("proxy", ["127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3"])
def test_a_trusted_proxy_says_who_sent_a_request_and_how(proxy: str) -> None:
    assert seen(proxy, for_(SOMEBODY), HTTPS) == f"https {SOMEBODY}"


@pytest.mark.parametrize("proxies", [PROXIES, ()])
def test_nobody_else_does(proxies: tuple[str, ...]) -> None:
    assert seen("192.0.2.7", for_(SOMEBODY), HTTPS, proxies=proxies) == "http 192.0.2.7"


@pytest.mark.parametrize(
    "headers",
    [
        [for_("203.0.113.9", SOMEBODY)],
        [for_("203.0.113.9"), for_(SOMEBODY)],
        [for_("127.0.0.1", SOMEBODY)],
        [for_("nonsense", SOMEBODY, "10.4.4.4")],
    ],
)
def test_what_a_sender_put_before_the_proxys_word_counts_for_nothing(headers: list[tuple[str, str]]) -> None:
    assert seen("127.0.0.1", *headers) == f"http {SOMEBODY}"


def wrong_password(registry: Registry, *senders: str) -> int:
    """The status of a try with a wrong password."""
    return registry.client.get("/simple/", auth=("old", "wrong"), headers=[for_(*senders)]).status_code


def closed(tmp_path: Path) -> Settings:
    """A registry whose only proxy is this machine, whence the requests of these tests come."""
    return Settings(data=tmp_path / "data", upstreams=(), trusted_proxies=LOCAL)


def add_user(registry: Registry) -> None:
    """A user whose hash is quick to compute."""
    call(registry, "POST", "users", {"htpasswd": "old:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="})


def test_wrong_passwords_behind_a_proxy_are_held_against_their_sender_only(tmp_path: Path) -> None:
    with running(closed(tmp_path), Clock()) as registry:
        add_user(registry)
        tries = [wrong_password(registry, f"203.0.113.{number}", SOMEBODY) for number in range(TRIES + 1)]
        assert tries == [401] * TRIES + [429]
        assert wrong_password(registry, SOMEBODY_ELSE) == 401


def test_without_a_trusted_proxy_no_header_gets_more_tries(tmp_path: Path) -> None:
    with running(replace(closed(tmp_path), trusted_proxies=()), Clock()) as registry:
        add_user(registry)
        tries = [wrong_password(registry, f"203.0.113.{number}") for number in range(TRIES + 1)]
        assert tries == [401] * TRIES + [429]


def test_no_link_names_a_host_so_none_can_be_made_up(registry: Registry) -> None:
    registry.upload(wheels.wheel())
    evil = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    moved = ["/simple", "/simple/demand-model", "/simple/Demand_Model/?format=json", "/healthz/", "/simple/a%2Fb%3Fc:d"]
    answers = [registry.client.get(path, headers={**evil, "Forwarded": "host=evil.example"}) for path in moved]
    assert [answer.headers.get("location") for answer in answers] == [
        "simple/",
        "demand-model/",
        "../demand-model/?format=json",
        "../healthz",
        None,
    ]
    page = registry.client.get("/simple/demand-model/", headers=evil)
    assert "evil" not in page.text
    assert "http" not in page.text
