"""The JSON API of who is concerned by a package."""

from __future__ import annotations

from functools import partial

import anyio.to_thread
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name
from starlette.requests import Request
from starlette.responses import Response

from wheelyard_registry.access import Access
from wheelyard_registry.blast_radius import BlastRadius, ConcernedBase, ConcernedModel
from wheelyard_registry.errors import InvalidField
from wheelyard_registry.fleet import deployment_document
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import count_of
from wheelyard_registry.paging import limit_of, page_answer


class RadiusRoutes:
    """Handlers of ``/api/v1/who-uses`` and ``/api/v1/who-requires``."""

    def __init__(self, access: Access, radius: BlastRadius) -> None:
        self._access = access
        self._radius = radius

    async def users(self, request: Request) -> Response:
        """``GET /api/v1/who-uses?requirement=``: deployed models and accepted bases with such a release."""
        await self._access.require_somewhere(request, Right.READ)
        wanted, stage = _requirement(request), request.query_params.get("stage") or None
        ask = partial(self._radius.users, wanted, stage, after=count_of(request, "after", 0), limit=limit_of(request))
        found = await anyio.to_thread.run_sync(ask)
        models, bases = [_model(each) for each in found.models], [_base(each) for each in found.bases]
        return page_answer(request, {"deployments": models, "bases": bases}, found.following)

    async def requirers(self, request: Request) -> Response:
        """``GET /api/v1/who-requires?project=``: deployed models with a requirement line about a project."""
        await self._access.require_somewhere(request, Right.READ)
        text = request.query_params.get("project", "")
        try:
            project = canonicalize_name(text, validate=True)
        except InvalidName as error:
            raise InvalidField([f"project {text[:80]!r} is not a project name"]) from error
        stage = request.query_params.get("stage") or None
        after, limit = count_of(request, "after", 0), limit_of(request)
        ask = partial(self._radius.requirers, project, stage, after=after, limit=limit)
        found = await anyio.to_thread.run_sync(ask)
        return page_answer(request, {"deployments": [_model(each) for each in found.models]}, found.following)


def _requirement(request: Request) -> Requirement:
    text = request.query_params.get("requirement", "")
    try:
        wanted = Requirement(text[:400])
    except InvalidRequirement as error:
        raise InvalidField([f"requirement {text[:80]!r} is not one"], hint="it looks like numpy==2.1.0") from error
    if wanted.url or wanted.marker or wanted.extras:
        raise InvalidField([f"requirement {text[:80]!r} is more than a name and versions"])
    return wanted


def _model(concerned: ConcernedModel) -> dict[str, object]:
    return {"deployment": deployment_document(concerned.deployment), "because": list(concerned.because)}


def _base(concerned: ConcernedBase) -> dict[str, object]:
    return {
        "stage": concerned.stage,
        "name": concerned.base.name,
        "lock": concerned.base.lock,
        "models": list(concerned.base.models),
        "owners": list(concerned.owners),
        "because": list(concerned.because),
    }
