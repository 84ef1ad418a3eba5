"""The JSON API under ``/api/v1``: deployments and the fleet."""

from __future__ import annotations

import anyio.to_thread
from packaging.utils import canonicalize_name
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.errors import Forbidden, InvalidField
from wheelyard_registry.fleet import DEFAULT_PLATFORM, DEFAULT_PYTHON, Fleet, as_json
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import flag_of, json_object


class ApiRoutes:
    """Handlers of ``/api/v1``."""

    def __init__(self, access: Access, fleet: Fleet) -> None:
        self._access = access
        self._fleet = fleet

    async def record(self, request: Request) -> Response:
        """``POST /api/v1/deployments``: record that a release runs in a stage and slot."""
        identity = await self._access.require_somewhere(request, Right.UPLOAD)
        given = await json_object(request)
        model = given.get("model")
        if isinstance(model, str) and not identity.may(Right.UPLOAD, canonicalize_name(model)):
            raise Forbidden(right=Right.UPLOAD.value, project=canonicalize_name(model))
        deployment = await anyio.to_thread.run_sync(lambda: self._fleet.record(given, by=identity.name))
        return JSONResponse(as_json(deployment), status_code=201)

    async def deployments(self, request: Request) -> Response:
        """``GET /api/v1/deployments?stage=&history=``: what is deployed, or with history all that ever was."""
        await self._access.require_somewhere(request, Right.READ)
        stage = request.query_params.get("stage") or None
        past = flag_of(request, "history")
        found = await anyio.to_thread.run_sync(self._fleet.history if past else self._fleet.current, stage)
        return JSONResponse({"deployments": [as_json(deployment) for deployment in found]})

    async def fleet(self, request: Request) -> Response:
        """``GET /api/v1/fleet?stage=``: the fleet of a stage in the shape of a fleet file."""
        await self._access.require_somewhere(request, Right.READ)
        query = request.query_params
        stage = query.get("stage")
        if not stage:
            raise InvalidField(["stage is missing"], hint="ask for /api/v1/fleet?stage=prod")
        document = await anyio.to_thread.run_sync(
            lambda: self._fleet.document(
                stage,
                name=query.get("name"),
                python=query.get("python", DEFAULT_PYTHON),
                platform=query.get("platform", DEFAULT_PLATFORM),
            )
        )
        return JSONResponse(document)
