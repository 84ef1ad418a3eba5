"""Running the registry: one granian worker in this process, until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import ipaddress
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import uvloop
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.types import ASGIApp, Receive, Scope, Send

from wheelyard_registry.app import Registry, create_app
from wheelyard_registry.arenas import few_arenas
from wheelyard_registry.catalogue.database import utc_now
from wheelyard_registry.credentials import Token
from wheelyard_registry.errors import CannotServe
from wheelyard_registry.handover import HandoverLoop
from wheelyard_registry.settings import RESERVABLE, Settings
from wheelyard_registry.storage import prepare
from wheelyard_registry.trusted_proxies import Network, read_network
from wheelyard_registry.upstream_index import PYPI, UpstreamIndex
from wheelyard_registry.upstreams_file import read_upstreams

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files: the certificate with those that lead to its authority, and its private key without a password."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen, and how to begin and end.

    Port 0 takes a free one. The first admin token goes to ``token_file`` if that is given. ``grace`` is how many
    seconds open requests get to finish after a signal. With ``tls`` it speaks HTTPS only.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    token_file: Path | None = None
    grace: float = 5.0
    tls: Certificate | None = None


def settings(
    *,
    data: Path,
    host: str,
    upstream: tuple[str, ...],
    upstreams_file: Path | None,
    private_upstreams: bool,
    upstream_proxy: str | None,
    no_upstream: bool,
    database: str | None,
    max_upload: int | None,
    anonymous_read: bool | None,
    reserved: tuple[str, ...],
    trusted_proxies: tuple[str, ...] = (),
    offline: bool = False,
    cooldown: int = 0,
    cooldown_dry_run: bool = False,
    page_ttl: int = 300,
    check_workers: int | None = None,
    check_deadline: float | None = None,
) -> Settings:
    """Settings from what a command line gives; None means the default.

    Reading needs no credentials where only this machine can reach the server, unless ``anonymous_read`` says otherwise.

    Raises:
        CannotServe: an upstream, the proxy before it, a pattern of reserved names, or a proxy's network cannot be used.
    """
    if upstreams_file is not None:
        upstreams = read_upstreams(upstreams_file, os.environ)
    else:
        urls = () if no_upstream else upstream or (PYPI,)
        upstreams = tuple(_upstream(url, private_network=private_upstreams) for url in urls)
    if upstream_proxy is not None:
        upstreams = tuple(_through(index, upstream_proxy) for index in upstreams)
    wrong = [pattern for pattern in reserved if RESERVABLE.fullmatch(pattern) is None]
    if wrong:
        raise CannotServe(
            reason=f"{wrong[0]!r} is not a pattern of normalised names", hint="write it like acme-*, in small letters"
        )
    base = Settings(
        data=data,
        upstreams=upstreams,
        reserved=reserved,
        offline=offline,
        cooldown=dt.timedelta(days=cooldown),
        cooldown_dry_run=cooldown_dry_run,
        page_ttl=dt.timedelta(seconds=page_ttl),
        database=database,
        trusted_proxies=tuple(_network(text) for text in trusted_proxies),
        anonymous_read=_is_loopback(host) if anonymous_read is None else anonymous_read,
    )
    given: dict[str, Any] = {
        "max_upload": max_upload,
        "check_workers": check_workers,
        "check_deadline": check_deadline,
    }
    return replace(base, **{name: value for name, value in given.items() if value is not None})


def _upstream(url: str, *, private_network: bool) -> UpstreamIndex:
    try:
        return UpstreamIndex.at(url, private_network=private_network)
    except ValueError as error:
        reason = f"the upstream {url!r} cannot be used: {error}"
        raise CannotServe(reason=reason, hint=f"the default is {PYPI}") from error


def _through(index: UpstreamIndex, proxy: str) -> UpstreamIndex:
    try:
        return index if index.proxy is not None else index.through(proxy)
    except ValueError as error:
        reason = f"the proxy before upstreams cannot be used: {error}"
        raise CannotServe(reason=reason, hint="write it like http://user:password@proxy.example:3128") from error


def _network(text: str) -> Network:
    try:
        return read_network(text)
    except ValueError as error:
        reason = f"the proxy {text!r} cannot be trusted: {error}"
        raise CannotServe(reason=reason, hint="give its address, or its network like 10.0.0.0/8") from error


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def serve(settings: Settings, listening: Listening, say: Say) -> None:
    """Prepare the data directory, listen, and return after a signal. ``say`` is told what a person should know.

    Raises:
        CannotServe: the certificate, the data directory, the database or the port cannot be used.
    """
    if listening.tls is not None:
        _require_usable(listening.tls)
    port = _reserve(listening)
    prepared = prepare(settings, utc_now)
    try:
        if prepared.first_token is not None:
            _hand_over(prepared.first_token, listening.token_file, say)
        few_arenas()
        requests = RequestsUnderWay()
        app = create_app(settings, watching=requests.watching)
        _let_it_last()
        running = _run(app, requests, replace(listening, port=port), say)
        uvloop.run(running, loop_factory=lambda: HandoverLoop(app.at_once))
    finally:
        prepared.lock.close()


def _require_usable(certificate: Certificate) -> None:
    """Read the certificate's files before anything is begun: granian would only log that it cannot."""
    try:
        # An empty password makes a locked key an error; without one OpenSSL would ask the terminal.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate.chain, certificate.key, "")
    except (OSError, ValueError) as error:
        raise CannotServe(
            reason=f"{certificate.chain} and {certificate.key} are no certificate and its key ({error})",
            hint="give PEM files: the certificate with its chain, and the private key without a password",
        ) from error


def _reserve(listening: Listening) -> int:
    """The port to use, after trying that it can be bound."""
    family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((listening.host, listening.port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise CannotServe(
            reason=f"{listening.host}:{listening.port} cannot be listened on ({error.strerror or error})",
            hint="stop what listens there, or choose another port: --port 0 takes a free one",
        ) from error


def _hand_over(token: Token, file: Path | None, say: Say) -> None:
    if file is None:
        say(f"admin token (shown once, keep it): {token.text}")
        return
    try:
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(f"{token.text}\n")
    except OSError as error:
        # The token exists only here: losing it would lock everybody out of a new registry.
        say(f"{file} cannot be written ({error.strerror or error})")
        say(f"admin token (shown once, keep it): {token.text}")
        return
    say(f"admin token written to {file}")


async def _run(app: Registry, requests: RequestsUnderWay, listening: Listening, say: Say) -> None:
    host, port, tls = listening.host, listening.port, listening.tls
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        websockets=False,
        backlog=1024,
        log_enabled=True,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
        ssl_cert=tls.chain if tls else None,
        ssl_key=tls.key if tls else None,
        ssl_protocol_min=SSLProtocols.tls12,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.stop()  # type: ignore[no-untyped-call]  # granian leaves it without types
        # New connections are refused from here on; those that are open get some time to finish.
        loop.call_later(listening.grace, requests.cancel)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    serving = asyncio.ensure_future(server.serve())
    announcing = asyncio.ensure_future(_announce(_base_url(host, port, "https" if tls else "http"), say))
    try:
        await serving
        await requests.ended(listening.grace)
    finally:
        announcing.cancel()
    if server.interrupt_children:
        raise CannotServe(reason=f"the server on {host}:{port} stopped by itself", hint="its log lines say why")


def _let_it_last() -> None:
    """Say that whatever was made up to here lives as long as the process.

    The garbage collector need not walk through all of it again and again: it took a fifth of an upload's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


class RequestsUnderWay:
    """The tasks that answer requests, so that a stop can wait for them, and then end them.

    Without it one client that stalls in the middle of its upload would keep a stopped server alive for ever.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def watching(self, app: ASGIApp) -> ASGIApp:
        """The same application, its requests seen."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            # granian answers each request in a task of its own.
            task = asyncio.current_task()
            if scope["type"] != "http" or task is None:
                await app(scope, receive, send)
                return
            self._tasks.add(task)
            try:
                with suppress(asyncio.CancelledError):
                    await app(scope, receive, send)
            finally:
                self._tasks.discard(task)

        return watched

    def cancel(self) -> None:
        """End what is still under way; each handler puts its own things in order."""
        for task in self._tasks:
            task.cancel()

    async def ended(self, patience: float) -> None:
        """Wait until nothing is under way, or ``patience`` seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)


async def _announce(url: str, say: Say) -> None:
    """Say that the registry is ready once it really answers."""
    # It asks its own address, whatever name the certificate is for, and learns only that somebody answers.
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # noqa: S501
        while True:
            try:
                answer = await client.get(f"{url}/readyz", timeout=2)
            except httpx.TransportError:
                await asyncio.sleep(0.02)
                continue
            if answer.status_code == 200:
                say(f"wheelyard is ready at {url}/  (index URL: {url}/simple/)")
                return
            await asyncio.sleep(0.2)


def _base_url(host: str, port: int, scheme: str) -> str:
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (a name for "all", not a bind)
    return f"{scheme}://[{reachable}]:{port}" if ":" in reachable else f"{scheme}://{reachable}:{port}"


_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "loggers": {
        "_granian": {"handlers": ["console"], "propagate": False},
        "wheelyard_registry": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
}
"""Data goes to stdout, talk to stderr; granian alone would log to stdout."""
