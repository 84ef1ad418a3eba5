"""The JSON API of accepted bases and of their locks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.catalogue.audit import time_text
from wheelyard_registry.catalogue.bases import Acceptance, AcceptedBase, Bases, lock_digest
from wheelyard_registry.deployment_requests import PLACE
from wheelyard_registry.errors import NotFound
from wheelyard_registry.identity import Right
from wheelyard_registry.json_body import Fields, json_object, time_of
from wheelyard_registry.locked_packages import NotALock, packages_of
from wheelyard_registry.paging import limit_of, page_answer

LARGEST = 64 * 1024 * 1024
"""Bytes of a request that brings locks; one of 400 packages has about 150 kB."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_BASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_KEY = re.compile(r"[a-z0-9]([a-z0-9-]{0,198}[a-z0-9])?(@[A-Za-z0-9][A-Za-z0-9._-]{0,79})?")


class BaseRoutes:
    """Handlers of ``/api/v1/stages/{stage}/bases`` and ``/api/v1/locks/{sha256}``."""

    def __init__(self, access: Access, bases: Bases) -> None:
        self._access = access
        self._bases = bases

    async def accept(self, request: Request) -> Response:
        """``PUT /api/v1/stages/{stage}/bases``: an administrator accepts the bases of a proposal for a stage."""
        identity = await self._access.require_everywhere(request, Right.ADMIN)
        stage = stage_name(request)
        given = await json_object(request, limit=LARGEST)
        snapshot, bases, locks = await anyio.to_thread.run_sync(_read, given)
        change = partial(self._bases.accept, stage, snapshot, bases, locks, by=identity.name)
        return page_answer(request, _document(await anyio.to_thread.run_sync(change)), None)

    async def accepted(self, request: Request) -> Response:
        """``GET /api/v1/stages/{stage}/bases``: what is accepted for a stage, or was at a time."""
        await self._access.require_somewhere(request, Right.READ)
        stage = stage_name(request)
        standing = await anyio.to_thread.run_sync(self._bases.accepted, stage, time_of(request, "at"))
        if standing is None:
            raise NotFound(what=f"an accepted base of {stage}", hint="accept a proposal: wheelyard bases accept DIR")
        limit, after = limit_of(request), request.query_params.get("after", "")
        bases = [base for base in standing.bases if base.name > after]
        following = bases[limit - 1].name if len(bases) > limit else None
        return page_answer(request, _document(replace(standing, bases=tuple(bases[:limit]))), following)

    async def lock(self, request: Request) -> Response:
        """``GET /api/v1/locks/{sha256}``: the text of a lock, as it was accepted."""
        await self._access.require_somewhere(request, Right.READ)
        sha256 = str(request.path_params["sha256"])
        text = await anyio.to_thread.run_sync(self._bases.lock, sha256[:64])
        if text is None:
            raise NotFound(what=f"the lock {sha256[:64]}", hint="GET /api/v1/stages/STAGE/bases names the locks in use")
        return JSONResponse({"sha256": sha256, "text": text})


def stage_name(request: Request) -> str:
    """The stage that the path names.

    Raises:
        NotFound: no stage can have this name.
    """
    stage = str(request.path_params["stage"])
    if PLACE.fullmatch(stage) is None:
        raise NotFound(what=f"the stage {stage[:80]!r}", hint="a stage is called prod, staging ...")
    return stage


def _read(given: Mapping[str, object]) -> tuple[str, list[AcceptedBase], list[str]]:
    fields = Fields(given, "snapshot", "bases")
    snapshot = fields.text("snapshot", required=True, pattern=_DIGEST) or ""
    bases: list[AcceptedBase] = []
    locks: list[str] = []
    for entry in fields.objects("bases", "name", "revision", "models", "lock"):
        name = entry.text("name", required=True, pattern=_BASE) or ""
        revision = entry.text("revision", required=True, pattern=_DIGEST) or ""
        models, text = entry.texts("models", pattern=_KEY, most=10_000), entry.document("lock")
        try:
            packages_of(text)
        except NotALock as problem:
            entry.problem(f"lock is not a PEP 751 lock: {str(problem)[:200]}")
        if name in {base.name for base in bases}:
            entry.problem(f"name {name!r} is that of another base too")
        bases.append(AcceptedBase(name, revision, tuple(sorted(models or ())), lock_digest(text)))
        locks.append(text)
    fields.finish()
    return snapshot, bases, locks


def _document(standing: Acceptance) -> dict[str, object]:
    return {
        "stage": standing.stage,
        "serial": standing.serial,
        "at": time_text(standing.at),
        "by": standing.by,
        "snapshot": standing.snapshot,
        "bases": [
            {"name": base.name, "revision": base.revision, "models": list(base.models), "lock": base.lock}
            for base in standing.bases
        ],
    }
