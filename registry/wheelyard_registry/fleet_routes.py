"""The JSON API of deployments and of the fleet."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import anyio.to_thread
from packaging.utils import canonicalize_name
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.admission import Admission
from wheelyard_registry.catalogue.deployments import Choice, Deployments, Recorded
from wheelyard_registry.deployment_requests import read_promotion, read_record, read_retirement
from wheelyard_registry.errors import Forbidden, InvalidField
from wheelyard_registry.fleet import DeployedFleets, deployment_document, fleet_document
from wheelyard_registry.identity import Identity, Right
from wheelyard_registry.json_body import count_of, flag_of, json_object, time_of
from wheelyard_registry.paging import limit_of, page_answer
from wheelyard_registry.solved import NOT_ASKED


class FleetRoutes:
    """Handlers of ``/api/v1/deployments`` and ``/api/v1/fleet``. Whoever may upload a model may say where it runs."""

    def __init__(self, access: Access, deployments: Deployments, fleets: DeployedFleets, admission: Admission) -> None:
        self._access = access
        self._deployments = deployments
        self._fleets = fleets
        self._admission = admission

    async def record(self, request: Request) -> Response:
        """``POST /api/v1/deployments``: a release runs in a stage and slot."""
        given, identity = await self._change(request)
        place, release, owner, asked = read_record(given, identity.name)
        solved = await self._admission.of_deployment(place, release)
        change = partial(self._deployments.record, place, release, owner, asked, solved)
        return _answer(await anyio.to_thread.run_sync(change))

    async def retire(self, request: Request) -> Response:
        """``POST /api/v1/deployments/retire``: a model no longer runs in a stage and slot."""
        given, identity = await self._change(request)
        change = partial(self._deployments.retire, *read_retirement(given, identity.name))
        return _answer(await anyio.to_thread.run_sync(change))

    async def promote(self, request: Request) -> Response:
        """``POST /api/v1/deployments/promote``: what runs in one stage runs in another as well."""
        given, identity = await self._change(request)
        place, stage, asked = read_promotion(given, identity.name)
        running = await anyio.to_thread.run_sync(
            self._deployments.running, Choice(place.stage, place.model, place.slot)
        )
        to = replace(place, stage=stage)
        solved = await self._admission.of_deployment(to, running[0].release) if running else NOT_ASKED
        change = partial(self._deployments.promote, place, stage, asked, solved)
        return _answer(await anyio.to_thread.run_sync(change))

    async def _change(self, request: Request) -> tuple[dict[str, object], Identity]:
        identity = await self._access.require_somewhere(request, Right.UPLOAD)
        given = await json_object(request)
        model = given.get("model")
        if isinstance(model, str) and not identity.may(Right.UPLOAD, canonicalize_name(model)):
            raise Forbidden(right=Right.UPLOAD.value, project=canonicalize_name(model))
        return given, identity

    async def deployments(self, request: Request) -> Response:
        """``GET /api/v1/deployments``: what is deployed, or was at a time, or with history all that was recorded."""
        await self._access.require_somewhere(request, Right.READ)
        chosen = _choice(request)
        at, past = time_of(request, "at"), flag_of(request, "history")
        after, limit = count_of(request, "after", 0), limit_of(request)
        if past and at is not None:
            raise InvalidField(["history and at cannot go together"])
        ask = partial(self._deployments.history, chosen) if past else partial(self._deployments.running, chosen, at=at)
        found = await anyio.to_thread.run_sync(partial(ask, after=after, limit=limit))
        following = found[-1].serial if len(found) == limit else None
        return page_answer(request, {"deployments": [deployment_document(each) for each in found]}, following)

    async def fleet(self, request: Request) -> Response:
        """``GET /api/v1/fleet?stage=``: the fleet of a stage in the shape of a fleet file."""
        await self._access.require_somewhere(request, Right.READ)
        query = request.query_params
        stage = query.get("stage")
        if not stage:
            raise InvalidField(["stage is missing"], hint="ask for /api/v1/fleet?stage=prod")
        given = {name: query.get(name) for name in ("name", "python", "platform")}
        ask = partial(self._fleets.of, stage, at=time_of(request, "at"), **given)
        return JSONResponse(fleet_document(await anyio.to_thread.run_sync(ask)))


def _choice(request: Request) -> Choice:
    query = request.query_params
    model = query.get("model")
    return Choice(query.get("stage") or None, canonicalize_name(model) if model else None, query.get("slot") or None)


def _answer(recorded: Recorded) -> Response:
    return JSONResponse(deployment_document(recorded.deployment), status_code=200 if recorded.repeated else 201)
