"""Which handler answers at which address. What the JSON API says of itself is in :mod:`.openapi`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wheelyard_registry.as_of import AsOfRoutes
from wheelyard_registry.audit_routes import AuditRoutes
from wheelyard_registry.base_routes import BaseRoutes
from wheelyard_registry.cooldown_routes import CooldownRoutes
from wheelyard_registry.fleet_routes import FleetRoutes
from wheelyard_registry.identity_routes import IdentityRoutes
from wheelyard_registry.import_route import ImportRoute
from wheelyard_registry.lifecycle_routes import LifecycleRoutes
from wheelyard_registry.origin_routes import OriginRoutes
from wheelyard_registry.radius_routes import RadiusRoutes
from wheelyard_registry.read_routes import ReadRoutes, file_of_pypiserver
from wheelyard_registry.stage_routes import StageRoutes
from wheelyard_registry.upload import UploadRoute

Handler = Callable[[Request], Awaitable[Response]]

_PROJECT = "/api/v1/projects/{project}"


def reading(routes: ReadRoutes) -> list[Route]:
    """The index and its files."""
    return [
        Route("/simple/", routes.names, methods=["GET"]),
        Route("/simple/{project}/", routes.project, methods=["GET"]),
        Route("/files/{project}/{filename}", routes.file, methods=["GET"]),
        Route("/packages/{path:path}", file_of_pypiserver, methods=["GET"]),
    ]


def receiving(upload: UploadRoute, imports: ImportRoute) -> list[Route]:
    """What takes files in."""
    return [
        Route("/", _handler(upload), methods=["POST"]),
        Route("/legacy/", _handler(upload), methods=["POST"]),
        Route(f"{_PROJECT}/files/{{filename}}", _handler(imports), methods=["PUT"]),
    ]


def as_of(routes: AsOfRoutes) -> list[Route]:
    """The index and its files as of a time."""
    return [
        Route("/as-of/{time}/simple/", routes.names, methods=["GET"]),
        Route("/as-of/{time}/simple/{project}/", routes.project, methods=["GET"]),
        Route("/as-of/{time}/files/{project}/{filename}", routes.file, methods=["GET"]),
    ]


def cooldowns(routes: CooldownRoutes) -> list[Route]:
    """Waivers of the cooldown."""
    return [
        Route(f"{_PROJECT}/cooldown-waiver", routes.waive, methods=["PUT"]),
        Route(f"{_PROJECT}/cooldown-waiver", routes.end, methods=["DELETE"]),
        Route("/api/v1/cooldown-waivers", routes.waivers, methods=["GET"]),
    ]


def origin(routes: OriginRoutes) -> list[Route]:
    """Overlays and alarms about names that upstream has too."""
    return [
        Route(f"{_PROJECT}/overlay", routes.set_overlay, methods=["PUT"]),
        Route("/api/v1/alarms", routes.alarms, methods=["GET"]),
        Route("/alarms/", routes.alarm_page, methods=["GET"]),
    ]


def fleet(routes: FleetRoutes) -> list[Route]:
    """Deployments, and the fleet that they make."""
    return [
        Route("/api/v1/deployments", routes.deployments, methods=["GET"]),
        Route("/api/v1/deployments", routes.record, methods=["POST"]),
        Route("/api/v1/deployments/retire", routes.retire, methods=["POST"]),
        Route("/api/v1/deployments/promote", routes.promote, methods=["POST"]),
        Route("/api/v1/fleet", routes.fleet, methods=["GET"]),
    ]


def stages(routes: StageRoutes) -> list[Route]:
    """The stages, and which one a project is meant for."""
    return [
        Route("/api/v1/stages", routes.stages, methods=["GET"]),
        Route("/api/v1/stages/{stage}", routes.set, methods=["PUT"]),
        Route("/api/v1/stages/{stage}", routes.remove, methods=["DELETE"]),
        Route(f"{_PROJECT}/stage", routes.set_project, methods=["PUT"]),
    ]


def bases(routes: BaseRoutes) -> list[Route]:
    """The accepted bases of a stage, and their locks."""
    return [
        Route("/api/v1/stages/{stage}/bases", routes.accepted, methods=["GET"]),
        Route("/api/v1/stages/{stage}/bases", routes.accept, methods=["PUT"]),
        Route("/api/v1/locks/{sha256}", routes.lock, methods=["GET"]),
    ]


def blast_radius(routes: RadiusRoutes) -> list[Route]:
    """Who is concerned by a release, or by a project."""
    return [
        Route("/api/v1/who-uses", routes.users, methods=["GET"]),
        Route("/api/v1/who-requires", routes.requirers, methods=["GET"]),
    ]


def identity(routes: IdentityRoutes) -> list[Route]:
    """Tokens, users, groups, and the owners of projects."""
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


def lifecycle(routes: LifecycleRoutes) -> list[Route]:
    """Yanks, quarantine, deletion, and the status of a project."""
    chosen = [f"{_PROJECT}/files/{{filename}}", f"{_PROJECT}/releases/{{version}}"]
    return [
        Route(f"{_PROJECT}/status", routes.set_status, methods=["PUT"]),
        *(Route(path, routes.delete, methods=["DELETE"]) for path in chosen),
        *(Route(f"{path}/yank", routes.yank, methods=["POST"]) for path in chosen),
        *(Route(f"{path}/yank", routes.unyank, methods=["DELETE"]) for path in chosen),
        *(Route(f"{path}/quarantine", routes.quarantine, methods=["POST"]) for path in chosen),
        *(Route(f"{path}/quarantine", routes.release, methods=["DELETE"]) for path in chosen),
    ]


def audit(routes: AuditRoutes) -> list[Route]:
    """The audit log."""
    return [
        Route("/api/v1/audit", routes.entries, methods=["GET"]),
        Route("/api/v1/audit/head", routes.head, methods=["GET"]),
    ]


def _handler(route: UploadRoute | ImportRoute) -> Handler:
    async def handle(request: Request) -> Response:
        return await route(request)

    return handle
