"""The whole write side, joined: what takes files in, what hides and deletes them, and what sweeps up after both."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.routing import Route

from wheelyard_registry import addresses
from wheelyard_registry.access import Access
from wheelyard_registry.admission import Admission
from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.database import Clock, Database
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.lifecycle import Lifecycle
from wheelyard_registry.import_route import ImportRoute
from wheelyard_registry.ingest import Ingest
from wheelyard_registry.leftovers import Leftovers
from wheelyard_registry.legacy import LegacyForm
from wheelyard_registry.lifecycle_routes import LifecycleRoutes
from wheelyard_registry.origin import Origin
from wheelyard_registry.settings import Settings
from wheelyard_registry.upload import Finder, UploadRoute


@dataclass(frozen=True, slots=True)
class WriteSide:
    """The ``routes`` that change what the index has, and the ``leftovers`` of changes that were broken off."""

    routes: list[Route]
    leftovers: Leftovers


def open_write_side(
    settings: Settings,
    database: Database,
    blobs: BlobStore,
    access: Access,
    clock: Clock,
    *,
    origin: Origin,
    admission: Admission,
) -> WriteSide:
    """The write side of the registry that these settings describe."""
    files, lifecycle = Files(database), Lifecycle(database)
    finder = Finder(origin, admission)
    ingest = Ingest(files, blobs, origin, clock)
    limit, threads = settings.max_upload, settings.upload_threads
    upload = UploadRoute(access, finder, LegacyForm(ingest, files), blobs, limit=limit, threads=threads)
    imports = ImportRoute(access, finder, ingest, blobs, clock, limit=limit)
    routes = [
        *addresses.receiving(upload, imports),
        *addresses.lifecycle(LifecycleRoutes(access, lifecycle, files, blobs, clock)),
    ]
    return WriteSide(routes, Leftovers(blobs, files, lifecycle))
