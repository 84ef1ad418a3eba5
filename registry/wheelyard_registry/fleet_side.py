"""The whole fleet side, joined: what is deployed, on which bases, in which stages, and the checks that speak of it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.routing import Route

from wheelyard_registry import addresses
from wheelyard_registry.access import Access
from wheelyard_registry.admission import Admission
from wheelyard_registry.base_routes import BaseRoutes
from wheelyard_registry.blast_radius import BlastRadius
from wheelyard_registry.catalogue.bases import Bases
from wheelyard_registry.catalogue.database import Clock, Database
from wheelyard_registry.catalogue.deployments import Deployments
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.lifecycle import Lifecycle
from wheelyard_registry.catalogue.stages import Stages
from wheelyard_registry.check_routes import CheckRoutes
from wheelyard_registry.checks import Checks
from wheelyard_registry.fleet import DeployedFleets
from wheelyard_registry.fleet_routes import FleetRoutes
from wheelyard_registry.kpi_report import KpiReport
from wheelyard_registry.kpi_routes import KpiRoutes
from wheelyard_registry.radius_routes import RadiusRoutes
from wheelyard_registry.settings import Settings
from wheelyard_registry.stage_routes import StageRoutes


@dataclass(frozen=True, slots=True)
class FleetSide:
    """The ``routes`` of the fleet, and its parts that others ask: what speaks against an upload, and the figures."""

    routes: list[Route]
    admission: Admission
    checks: Checks
    report: KpiReport


def open_fleet_side(settings: Settings, database: Database, access: Access, clock: Clock) -> FleetSide:
    """The fleet side of the registry that these settings describe."""
    deployments, bases, stages = Deployments(database, clock), Bases(database, clock), Stages(database, clock)
    files = Files(database)
    checks = Checks(settings)
    admission = Admission(checks, stages, bases, clock)
    report = KpiReport(deployments, bases, files, clock)
    fleets = DeployedFleets(deployments, bases, stages)
    routes = [
        *addresses.fleet(FleetRoutes(access, deployments, fleets, admission)),
        *addresses.stages(StageRoutes(access, stages, Lifecycle(database), clock)),
        *addresses.bases(BaseRoutes(access, bases)),
        *addresses.blast_radius(RadiusRoutes(access, BlastRadius(deployments, bases, files))),
        Route("/api/v1/check", CheckRoutes(access, checks, stages, clock).check, methods=["POST"]),
        Route("/api/v1/kpi", KpiRoutes(access, report).kpi, methods=["GET"]),
    ]
    return FleetSide(routes, admission, checks, report)
