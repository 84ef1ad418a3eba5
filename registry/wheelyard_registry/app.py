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
from starlette.types import ASGIApp

from wheelyard_registry import openapi
from wheelyard_registry.access import Access
from wheelyard_registry.admission import Admission
from wheelyard_registry.as_of import AsOfRoutes
from wheelyard_registry.audit_routes import AuditRoutes
from wheelyard_registry.base_routes import BaseRoutes
from wheelyard_registry.blast_radius import BlastRadius
from wheelyard_registry.catalogue.accounts import Accounts
from wheelyard_registry.catalogue.audit import AuditLog
from wheelyard_registry.catalogue.bases import Bases
from wheelyard_registry.catalogue.database import Clock, Database, utc_now
from wheelyard_registry.catalogue.deployments import Deployments
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.lifecycle import Lifecycle
from wheelyard_registry.catalogue.origins import Origins
from wheelyard_registry.catalogue.stages import Stages
from wheelyard_registry.catalogue.tokens import Tokens
from wheelyard_registry.check_routes import CheckRoutes
from wheelyard_registry.checks import Checks
from wheelyard_registry.compression import Compressor
from wheelyard_registry.cooldown_routes import CooldownRoutes
from wheelyard_registry.fleet import DeployedFleets
from wheelyard_registry.fleet_routes import FleetRoutes
from wheelyard_registry.hot_path import HotPath
from wheelyard_registry.identity_routes import IdentityRoutes
from wheelyard_registry.import_route import ImportRoute
from wheelyard_registry.ingest import Ingest
from wheelyard_registry.kpi_report import KpiReport
from wheelyard_registry.kpi_routes import KpiRoutes
from wheelyard_registry.leftovers import Leftovers
from wheelyard_registry.legacy import LegacyForm
from wheelyard_registry.lifecycle_routes import LifecycleRoutes
from wheelyard_registry.metrics import MetricsRoute
from wheelyard_registry.origin_routes import OriginRoutes
from wheelyard_registry.origin_watch import OriginWatch
from wheelyard_registry.radius_routes import RadiusRoutes
from wheelyard_registry.read_routes import ReadRoutes, file_of_pypiserver
from wheelyard_registry.read_side import open_read_side
from wheelyard_registry.refusals import HANDLERS
from wheelyard_registry.settings import Settings
from wheelyard_registry.stage_routes import StageRoutes
from wheelyard_registry.storage import open_blobs
from wheelyard_registry.trusted_proxies import trusting
from wheelyard_registry.upload import Finder, UploadRoute

_log = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]
Layer = Callable[[ASGIApp], ASGIApp]


def _no_layer(app: ASGIApp) -> ASGIApp:
    return app


def create_app(settings: Settings, *, clock: Clock = utc_now, watching: Layer = _no_layer) -> Starlette:
    """The registry as an ASGI application.

    The data directory must have been prepared (:func:`wheelyard_registry.storage.prepare`). ``clock`` tells the time.
    ``watching`` is put around everything that may have to wait.
    """
    database = Database(settings.database_url)
    files, tokens = Files(database), Tokens(database)
    blobs = open_blobs(settings)
    reading = open_read_side(settings, database, blobs, clock)
    origin = reading.origin
    accounts = Accounts(database)
    access = Access(tokens, accounts, clock, anonymous_read=settings.anonymous_read)
    deployments, bases = Deployments(database, clock), Bases(database, clock)
    stages = Stages(database, clock)
    checks = Checks(settings)
    admission = Admission(checks, stages, bases, clock)
    finder = Finder(origin, admission)
    ingest = Ingest(files, blobs, origin, clock)
    legacy = LegacyForm(ingest, files)
    limit, threads = settings.max_upload, settings.upload_threads
    upload = UploadRoute(access, finder, legacy, blobs, limit=limit, threads=threads)
    imports = ImportRoute(access, finder, ingest, blobs, clock, limit=limit)
    identities = IdentityRoutes(access, tokens, accounts, clock)
    report = KpiReport(deployments, bases, files, clock)
    fleet = FleetRoutes(access, deployments, DeployedFleets(deployments, bases, stages), admission)
    radius = RadiusRoutes(access, BlastRadius(deployments, bases, files))
    lifecycle = Lifecycle(database)
    lifecycles = LifecycleRoutes(access, lifecycle, files, blobs, clock)
    leftovers = Leftovers(blobs, files, lifecycle)
    log = AuditLog(database)
    audits = AuditRoutes(access, log)

    origins = Origins(database)
    origin_api = OriginRoutes(access, origin, origins, clock)
    watch = OriginWatch(origin, origins, clock, settings.watch_interval)
    compressor = Compressor()

    def reads_then(at: dt.datetime) -> ReadRoutes:
        then = reading.then(at)
        return ReadRoutes(access, then.private, then.index, clock, compressor)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with anyio.create_task_group() as beside:
            beside.start_soon(_beside_requests, leftovers.keep_sweeping, clock, settings.sweep_interval)
            if reading.upstreams and not settings.offline:
                beside.start_soon(_beside_requests, watch.run)
            yield
            beside.cancel_scope.cancel()
        await reading.close()
        database.close()

    return _Registry(
        HotPath(access=access, database=database, clock=clock),
        lambda app: watching(trusting(app, settings.trusted_proxies)),
        routes=[
            *_routes(ReadRoutes(access, reading.private, reading.index, clock, compressor), upload),
            *_as_of(AsOfRoutes(reads_then, clock)),
            *_fleet(fleet),
            *_stages(StageRoutes(access, stages, lifecycle, clock)),
            *_bases(BaseRoutes(access, bases)),
            Route("/api/v1/check", CheckRoutes(access, checks, stages, clock).check, methods=["POST"]),
            Route("/api/v1/kpi", KpiRoutes(access, report).kpi, methods=["GET"]),
            Route("/api/v1/who-uses", radius.users, methods=["GET"]),
            Route("/api/v1/who-requires", radius.requirers, methods=["GET"]),
            *_identity(identities),
            *_lifecycle(lifecycles),
            *_audit(audits),
            *_origin(origin_api),
            Route(f"{_PROJECT}/files/{{filename}}", _handler(imports), methods=["PUT"]),
            *_cooldowns(CooldownRoutes(access, reading.cooldowns, clock)),
            Route("/metrics", MetricsRoute(origins, report, log, reading.cooldown, checks).metrics, methods=["GET"]),
            Route(openapi.PATH, openapi.serve_document, methods=["GET"]),
            *_health(database),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )


async def _beside_requests(work: Callable[..., Awaitable[None]], *arguments: object) -> None:
    """Do what no request asked for; if it fails that is told, and requests are answered all the same."""
    try:
        await work(*arguments)
    except Exception:  # noqa: BLE001 (whatever it is, the registry serves on)
        _log.exception("%s has ended", work.__qualname__)


class _Registry(Starlette):
    """The application with the hot path in front of everything, also of the layer that catches errors."""

    def __init__(self, hot_path: HotPath, around: Layer, **parts: Any) -> None:
        super().__init__(**parts)
        self.router.redirect_slashes = False  # ours are relative: see refusals
        self._hot_path = hot_path
        self._around = around

    def build_middleware_stack(self) -> ASGIApp:
        """The stack that Starlette builds before the first request."""
        return self._hot_path.before(self._around(super().build_middleware_stack()))


def _cooldowns(routes: CooldownRoutes) -> list[Route]:
    return [
        Route(f"{_PROJECT}/cooldown-waiver", routes.waive, methods=["PUT"]),
        Route(f"{_PROJECT}/cooldown-waiver", routes.end, methods=["DELETE"]),
        Route("/api/v1/cooldown-waivers", routes.waivers, methods=["GET"]),
    ]


def _routes(read: ReadRoutes, upload: UploadRoute) -> list[Route]:
    return [
        Route("/", _handler(upload), methods=["POST"]),
        Route("/legacy/", _handler(upload), methods=["POST"]),
        Route("/simple/", read.names, methods=["GET"]),
        Route("/simple/{project}/", read.project, methods=["GET"]),
        Route("/files/{project}/{filename}", read.file, methods=["GET"]),
        Route("/packages/{path:path}", file_of_pypiserver, methods=["GET"]),
    ]


def _as_of(routes: AsOfRoutes) -> list[Route]:
    return [
        Route("/as-of/{time}/simple/", routes.names, methods=["GET"]),
        Route("/as-of/{time}/simple/{project}/", routes.project, methods=["GET"]),
        Route("/as-of/{time}/files/{project}/{filename}", routes.file, methods=["GET"]),
    ]


def _fleet(routes: FleetRoutes) -> list[Route]:
    return [
        Route("/api/v1/deployments", routes.deployments, methods=["GET"]),
        Route("/api/v1/deployments", routes.record, methods=["POST"]),
        Route("/api/v1/deployments/retire", routes.retire, methods=["POST"]),
        Route("/api/v1/deployments/promote", routes.promote, methods=["POST"]),
        Route("/api/v1/fleet", routes.fleet, methods=["GET"]),
    ]


def _stages(routes: StageRoutes) -> list[Route]:
    return [
        Route("/api/v1/stages", routes.stages, methods=["GET"]),
        Route("/api/v1/stages/{stage}", routes.set, methods=["PUT"]),
        Route("/api/v1/stages/{stage}", routes.remove, methods=["DELETE"]),
        Route(f"{_PROJECT}/stage", routes.set_project, methods=["PUT"]),
    ]


def _bases(routes: BaseRoutes) -> list[Route]:
    return [
        Route("/api/v1/stages/{stage}/bases", routes.accepted, methods=["GET"]),
        Route("/api/v1/stages/{stage}/bases", routes.accept, methods=["PUT"]),
        Route("/api/v1/locks/{sha256}", routes.lock, methods=["GET"]),
    ]


def _identity(routes: IdentityRoutes) -> list[Route]:
    return [
        Route("/api/v1/tokens", routes.tokens, methods=["GET"]),
        Route("/api/v1/tokens", routes.create_token, methods=["POST"]),
        Route("/api/v1/tokens/{id}", routes.revoke_token, methods=["DELETE"]),
        Route("/api/v1/users", routes.users, methods=["GET"]),
        Route("/api/v1/users", routes.import_htpasswd, methods=["POST"]),
        Route("/api/v1/users/{name}", routes.set_password, methods=["PUT"]),
        Route("/api/v1/users/{name}", routes.disable_user, methods=["DELETE"]),
        Route("/api/v1/groups", routes.groups, methods=["GET"]),
        Route("/api/v1/groups/{name}", routes.set_group, methods=["PUT"]),
        Route("/api/v1/projects/{project}/owners", routes.owners, methods=["GET"]),
        Route("/api/v1/projects/{project}/owners", routes.set_owners, methods=["PUT"]),
    ]


def _lifecycle(routes: LifecycleRoutes) -> list[Route]:
    chosen = [f"{_PROJECT}/files/{{filename}}", f"{_PROJECT}/releases/{{version}}"]
    return [
        Route(f"{_PROJECT}/status", routes.set_status, methods=["PUT"]),
        *(Route(path, routes.delete, methods=["DELETE"]) for path in chosen),
        *(Route(f"{path}/yank", routes.yank, methods=["POST"]) for path in chosen),
        *(Route(f"{path}/yank", routes.unyank, methods=["DELETE"]) for path in chosen),
        *(Route(f"{path}/quarantine", routes.quarantine, methods=["POST"]) for path in chosen),
        *(Route(f"{path}/quarantine", routes.release, methods=["DELETE"]) for path in chosen),
    ]


_PROJECT = "/api/v1/projects/{project}"


def _audit(routes: AuditRoutes) -> list[Route]:
    return [
        Route("/api/v1/audit", routes.entries, methods=["GET"]),
        Route("/api/v1/audit/head", routes.head, methods=["GET"]),
    ]


def _origin(routes: OriginRoutes) -> list[Route]:
    return [
        Route(f"{_PROJECT}/overlay", routes.set_overlay, methods=["PUT"]),
        Route("/api/v1/alarms", routes.alarms, methods=["GET"]),
        Route("/alarms/", routes.alarm_page, methods=["GET"]),
    ]


def _handler(route: UploadRoute | ImportRoute) -> Handler:
    async def handle(request: Request) -> Response:
        return await route(request)

    return handle


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
