"""The JSON API of the configured stages."""

from __future__ import annotations

from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.base_routes import stage_name
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.lifecycle import Lifecycle
from wheelyard_registry.catalogue.stages import AdmissionMode, Stage, Stages
from wheelyard_registry.errors import InvalidField, NotFound
from wheelyard_registry.fleet import DEFAULT_PLATFORM, DEFAULT_PYTHON
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import Fields, json_object, project_of
from wheelyard_registry.paging import limit_of, page_answer
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.target import Target


class StageRoutes:
    """Handlers of ``/api/v1/stages``."""

    def __init__(self, access: Access, stages: Stages, lifecycle: Lifecycle, clock: Clock) -> None:
        self._access = access
        self._stages = stages
        self._lifecycle = lifecycle
        self._clock = clock

    async def stages(self, request: Request) -> Response:
        """``GET /api/v1/stages``: the configured stages in their order."""
        await self._access.require_somewhere(request, Right.READ)
        limit, after = limit_of(request), request.query_params.get("after")
        found = list(await anyio.to_thread.run_sync(self._stages.configured))
        if after is not None:
            names = [stage.name for stage in found]
            if after not in names:
                raise InvalidField([f"after {after[:80]!r} is no configured stage"], hint="begin again without it")
            found = found[names.index(after) + 1 :]
        following = found[limit - 1].name if len(found) > limit else None
        return page_answer(request, {"stages": [_document(stage) for stage in found[:limit]]}, following)

    async def set(self, request: Request) -> Response:
        """``PUT /api/v1/stages/{stage}``: an administrator configures a stage; what is left out has its default."""
        identity = await self._access.require_everywhere(request, Right.ADMIN)
        stage = _read(stage_name(request), Fields(await json_object(request), *_FIELDS))
        await anyio.to_thread.run_sync(partial(self._stages.set, stage, by=identity.name))
        return JSONResponse(_document(stage))

    async def set_project(self, request: Request) -> Response:
        """``PUT /api/v1/projects/{project}/stage``: for which stage uploads are meant; null: for none."""
        project = project_of(request)
        identity = await self._access.require(request, Right.YANK, project)
        fields = Fields(await json_object(request), "stage")
        stage = fields.text("stage")
        fields.finish()
        if stage is not None:
            await anyio.to_thread.run_sync(self._stages.require, stage)
        change = partial(self._lifecycle.set_stage, project, stage, at=self._clock(), by=identity.name)
        await anyio.to_thread.run_sync(change)
        return JSONResponse({"project": project, "stage": stage})

    async def remove(self, request: Request) -> Response:
        """``DELETE /api/v1/stages/{stage}``: what runs in it stays recorded."""
        identity = await self._access.require_everywhere(request, Right.ADMIN)
        name = stage_name(request)
        if not await anyio.to_thread.run_sync(partial(self._stages.remove, name, by=identity.name)):
            raise NotFound(what=f"the configured stage {name}", hint="GET /api/v1/stages lists them")
        return JSONResponse({"name": name, "removed": True})


_FIELDS = ("order", "python", "platform", "max_bases", "promoted_only", "admission")


def _read(name: str, fields: Fields) -> Stage:
    order, most = fields.count("order", required=True), fields.count("max_bases", least=1)
    python = fields.text("python", longest=20) or DEFAULT_PYTHON
    platform = fields.text("platform", longest=80) or DEFAULT_PLATFORM
    try:
        Target.parse(python, platform)
    except InputError as problem:
        fields.problem(f"the target is none: {problem}")
    modes = {mode.value: mode for mode in AdmissionMode}
    admission = fields.text("admission") or AdmissionMode.OFF.value
    if admission not in modes:
        fields.problem(f"admission {admission!r} is none of {', '.join(modes)}")
    promoted_only = fields.flag("promoted_only")
    fields.finish()
    return Stage(name, order or 0, python, platform, most, promoted_only, modes[admission])


def _document(stage: Stage) -> dict[str, object]:
    return {
        "name": stage.name,
        "order": stage.position,
        "python": stage.python,
        "platform": stage.platform,
        "max_bases": stage.max_bases,
        "promoted_only": stage.promoted_only,
        "admission": stage.admission.value,
    }
