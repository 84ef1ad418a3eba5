"""``create_app``: the one place where the parts are joined."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from wheelyard_registry import addresses, openapi
from wheelyard_registry.access import Access
from wheelyard_registry.as_of import AsOfRoutes
from wheelyard_registry.audit_routes import AuditRoutes
from wheelyard_registry.catalogue.accounts import Accounts
from wheelyard_registry.catalogue.audit import AuditLog
from wheelyard_registry.catalogue.database import Clock, Database, utc_now
from wheelyard_registry.catalogue.origins import Origins
from wheelyard_registry.catalogue.tokens import Tokens
from wheelyard_registry.compression import Compressor
from wheelyard_registry.cooldown_routes import CooldownRoutes
from wheelyard_registry.fleet_side import open_fleet_side
from wheelyard_registry.hot_path import HotPath
from wheelyard_registry.identity_routes import IdentityRoutes
from wheelyard_registry.metrics import MetricsRoute
from wheelyard_registry.origin_routes import OriginRoutes
from wheelyard_registry.origin_watch import OriginWatch
from wheelyard_registry.read_routes import ReadRoutes
from wheelyard_registry.read_side import ReadSide, open_read_side
from wheelyard_registry.refusals import HANDLERS
from wheelyard_registry.settings import Settings
from wheelyard_registry.storage import open_blobs
from wheelyard_registry.trusted_proxies import trusting
from wheelyard_registry.write_side import open_write_side

_log = logging.getLogger(__name__)

Layer = Callable[[ASGIApp], ASGIApp]


def _no_layer(app: ASGIApp) -> ASGIApp:
    return app


def create_app(settings: Settings, *, clock: Clock = utc_now, watching: Layer = _no_layer) -> Registry:
    """The registry as an ASGI application.

    The data directory must have been prepared (:func:`wheelyard_registry.storage.prepare`). ``clock`` tells the time.
    ``watching`` is put around everything that may have to wait.
    """
    database = Database(settings.database_url)
    blobs = open_blobs(settings)
    tokens, accounts = Tokens(database), Accounts(database)
    access = Access(tokens, accounts, clock, anonymous_read=settings.anonymous_read)
    read = open_read_side(settings, database, blobs, clock)
    fleet = open_fleet_side(settings, database, access, clock)
    write = open_write_side(settings, database, blobs, access, clock, origin=read.origin, admission=fleet.admission)
    origins, log = Origins(database), AuditLog(database)
    watch = OriginWatch(read.origin, origins, clock, settings.watch_interval)
    metrics = MetricsRoute(origins, fleet.report, log, read.cooldown, fleet.checks)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as beside:
            beside.start_soon(_beside_requests, write.leftovers.keep_sweeping, clock, settings.sweep_interval)
            if read.upstreams and not settings.offline:
                beside.start_soon(_beside_requests, watch.run)
            yield
            beside.cancel_scope.cancel()
        await read.close()
        database.close()

    return Registry(
        HotPath(access=access, database=database, clock=clock, watching=watching),
        lambda app: watching(trusting(app, settings.trusted_proxies)),
        routes=[
            *_reading(read, access, clock),
            *write.routes,
            *fleet.routes,
            *addresses.identity(IdentityRoutes(access, tokens, accounts, clock)),
            *addresses.audit(AuditRoutes(access, log)),
            *addresses.origin(OriginRoutes(access, read.origin, origins, clock)),
            *addresses.cooldowns(CooldownRoutes(access, read.cooldowns, clock)),
            Route("/metrics", metrics.metrics, methods=["GET"]),
            Route(openapi.PATH, openapi.serve_document, methods=["GET"]),
            *_health(database),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )


def _reading(read: ReadSide, access: Access, clock: Clock) -> list[Route]:
    """What is there today, and what was there at a time."""
    compressor = Compressor()

    def reads_then(at: dt.datetime) -> ReadRoutes:
        then = read.then(at)
        return ReadRoutes(access, then.private, then.index, clock, compressor)

    return [
        *addresses.reading(ReadRoutes(access, read.private, read.index, clock, compressor)),
        *addresses.as_of(AsOfRoutes(reads_then, clock)),
    ]


async def _beside_requests(work: Callable[..., Awaitable[None]], *arguments: object) -> None:
    """Do what no request asked for; if it fails that is told, and requests are answered all the same."""
    try:
        await work(*arguments)
    except Exception:  # noqa: BLE001 (whatever it is, the registry serves on)
        _log.exception("%s has ended", work.__qualname__)


class Registry(Starlette):
    """The application with the hot path in front of everything, also of the layer that catches errors."""

    def __init__(self, hot_path: HotPath, around: Layer, **parts: Any) -> None:
        super().__init__(**parts)
        self.router.redirect_slashes = False  # ours are relative: see refusals
        self._hot_path = hot_path
        self._around = around

    def at_once(self, scope: Scope) -> tuple[Message, Message] | None:
        """See :meth:`.HotPath.at_once`."""
        return self._hot_path.at_once(scope)

    def build_middleware_stack(self) -> ASGIApp:
        """The stack that Starlette builds before the first request."""
        return self._hot_path.before(self._around(super().build_middleware_stack()))


def _health(database: Database) -> list[Route]:
    def ask() -> None:
        with database.read() as connection:
            connection.execute(sa.text("SELECT 1"))

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        try:
            await anyio.to_thread.run_sync(ask)
        except sa.exc.SQLAlchemyError as error:
            _log.warning("not ready: %s", error)
            return JSONResponse({"ready": False, "catalogue": "unreachable"}, status_code=503)
        return JSONResponse({"ready": True})

    return [Route("/healthz", alive), Route("/readyz", ready)]
