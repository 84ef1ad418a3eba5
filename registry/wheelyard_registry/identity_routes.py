"""The JSON API of tokens, users, groups and owners."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from wheelyard_registry.access import Access
from wheelyard_registry.catalogue.accounts import Accounts, GroupFacts
from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.catalogue.tokens import TokenFacts, Tokens
from wheelyard_registry.errors import Forbidden
from wheelyard_registry.identity import ALL_PROJECTS, Grant, Identity, Right
from wheelyard_registry.json_body import NAME, PATTERN, Fields, json_object, project_of
from wheelyard_registry.passwords import LONGEST, readable_hash

_HTPASSWD_LINES = 10_000


class IdentityRoutes:
    """Handlers of ``/api/v1/tokens``, ``/users``, ``/groups`` and of a project's owners.

    Administrators of everything may do all of it. A user may make, list and revoke tokens of their own.
    """

    def __init__(self, access: Access, tokens: Tokens, accounts: Accounts, clock: Clock) -> None:
        self._access = access
        self._tokens = tokens
        self._accounts = accounts
        self._clock = clock

    async def create_token(self, request: Request) -> Response:
        """``POST /api/v1/tokens``: a new token. Its text is in this answer and nowhere else, ever."""
        identity = await self._access.require_user(request)
        everywhere = identity.may_everywhere(Right.ADMIN)
        if not everywhere:
            _own(identity, None)
        fields = Fields(await json_object(request), "label", "rights", "projects", "expires", "user")
        label = (fields.text("label", required=True) or "")[:80]
        grant = Grant(_rights(fields, required=True), fields.texts("projects", pattern=PATTERN) or (ALL_PROJECTS,))
        expires, user = fields.time("expires"), fields.text("user", pattern=NAME)
        if expires is not None and expires <= self._clock():
            fields.problem("expires is in the past")
        fields.finish()
        user = user if everywhere else _own(identity, user)
        if user is not None:
            await anyio.to_thread.run_sync(self._accounts.identity, user)
        token, facts = await anyio.to_thread.run_sync(
            lambda: self._tokens.create(
                label=label, grant=grant, at=self._clock(), by=identity.name, user=user, expires_at=expires
            )
        )
        return JSONResponse({**_token(facts), "token": token.text}, status_code=201, headers=_SECRET)

    async def tokens(self, request: Request) -> Response:
        """``GET /api/v1/tokens``: an administrator's view of all, a user's view of their own."""
        identity = await self._access.require_user(request)
        user = None if identity.may_everywhere(Right.ADMIN) else _own(identity, None)
        found = await anyio.to_thread.run_sync(self._tokens.listed, user)
        return JSONResponse({"tokens": [_token(facts) for facts in found]})

    async def revoke_token(self, request: Request) -> Response:
        """``DELETE /api/v1/tokens/{id}``."""
        identity = await self._access.require_user(request)
        user = None if identity.may_everywhere(Right.ADMIN) else _own(identity, None)
        chosen = request.path_params["id"]
        await anyio.to_thread.run_sync(
            lambda: self._tokens.revoke(chosen, at=self._clock(), by=identity.name, user=user)
        )
        return JSONResponse({"id": chosen, "revoked": True})

    async def users(self, request: Request) -> Response:
        """``GET /api/v1/users``."""
        await self._access.require_everywhere(request, Right.ADMIN)
        found = await anyio.to_thread.run_sync(self._accounts.users)
        listed = [
            {
                "name": user.name,
                "groups": list(user.groups),
                "created_at": _time(user.created_at),
                "disabled_at": _time(user.disabled_at),
            }
            for user in found
        ]
        return JSONResponse({"users": listed})

    async def set_password(self, request: Request) -> Response:
        """``PUT /api/v1/users/{name}``: make a user, or change a password. Users may change their own."""
        identity = await self._access.require_user(request)
        name = _name(request)
        if not identity.may_everywhere(Right.ADMIN) and identity.name != f"user:{name}":
            raise Forbidden(right=Right.ADMIN.value, project=None)
        fields = Fields(await json_object(request), "password")
        password = fields.secret("password", LONGEST)
        fields.finish()
        stored = await self._access.hash_password(password)
        await anyio.to_thread.run_sync(
            lambda: self._accounts.set_password(name, stored, at=self._clock(), by=identity.name)
        )
        return JSONResponse({"name": name})

    async def disable_user(self, request: Request) -> Response:
        """``DELETE /api/v1/users/{name}``: shut a user out, together with the user's tokens."""
        identity = await self._access.require_everywhere(request, Right.ADMIN)
        name = _name(request)
        await anyio.to_thread.run_sync(lambda: self._accounts.disable(name, at=self._clock(), by=identity.name))
        return JSONResponse({"name": name, "disabled": True})

    async def import_htpasswd(self, request: Request) -> Response:
        """``POST /api/v1/users``: the lines of an htpasswd file. Hashes that cannot be verified are named."""
        identity = await self._access.require_everywhere(request, Right.ADMIN)
        fields = Fields(await json_object(request), "htpasswd")
        lines = fields.document("htpasswd")
        fields.finish()
        taken, refused = read_htpasswd(lines)
        await anyio.to_thread.run_sync(lambda: self._accounts.set_passwords(taken, at=self._clock(), by=identity.name))
        return JSONResponse({"taken": sorted(taken), "refused": refused})

    async def groups(self, request: Request) -> Response:
        """``GET /api/v1/groups``."""
        await self._access.require_everywhere(request, Right.ADMIN)
        found = await anyio.to_thread.run_sync(self._accounts.groups)
        return JSONResponse({"groups": [_group(group) for group in found]})

    async def set_group(self, request: Request) -> Response:
        """``PUT /api/v1/groups/{name}``: make a group, or give it these members and rights."""
        identity = await self._access.require_everywhere(request, Right.ADMIN)
        name = _name(request)
        fields = Fields(await json_object(request), "members", "rights")
        members, rights = fields.texts("members", pattern=NAME) or (), _rights(fields)
        fields.finish()
        group = await anyio.to_thread.run_sync(
            lambda: self._accounts.set_group(name, members=members, rights=rights, at=self._clock(), by=identity.name)
        )
        return JSONResponse(_group(group))

    async def owners(self, request: Request) -> Response:
        """``GET /api/v1/projects/{project}/owners``."""
        project = project_of(request)
        await self._access.require(request, Right.READ, project)
        found = await anyio.to_thread.run_sync(self._accounts.owners, project)
        return JSONResponse({"project": project, "groups": list(found)})

    async def set_owners(self, request: Request) -> Response:
        """``PUT /api/v1/projects/{project}/owners``: the groups whose members may upload and yank."""
        project = project_of(request)
        identity = await self._access.require(request, Right.ADMIN, project)
        fields = Fields(await json_object(request), "groups")
        groups = fields.texts("groups", pattern=NAME) or ()
        fields.finish()
        await anyio.to_thread.run_sync(
            lambda: self._accounts.set_owners(project, groups, at=self._clock(), by=identity.name)
        )
        return JSONResponse({"project": project, "groups": sorted(set(groups))})


def read_htpasswd(text: str) -> tuple[dict[str, str], list[str]]:
    """The hashes of an htpasswd file by user, and the lines that cannot be used, by name or number."""
    taken: dict[str, str] = {}
    refused: list[str] = []
    for number, line in enumerate(text.splitlines()[:_HTPASSWD_LINES], start=1):
        name, colon, stored = line.strip().partition(":")
        if not line.strip() or line.startswith("#"):
            continue
        if not colon or NAME.fullmatch(name) is None:
            refused.append(f"line {number}: no usable user name")
        elif len(stored) > 300 or not readable_hash(stored):
            refused.append(f"{name}: the hash is neither bcrypt nor apr1 nor SHA-1")
        else:
            taken[name] = stored
    return taken, refused


_SECRET = {"Cache-Control": "no-store"}


def _own(identity: Identity, user: str | None) -> str:
    # A token may not make tokens: whoever finds one would outlive its end.
    if identity.user is None or identity.name != f"user:{identity.user}" or user not in {None, identity.user}:
        raise Forbidden(right=Right.ADMIN.value, project=None)
    return identity.user


def _rights(fields: Fields, *, required: bool = False) -> frozenset[Right]:
    named = fields.texts("rights")
    if not named and required:
        fields.problem("rights is missing or empty")
    known = {right.value for right in Right}
    unknown = [name for name in named or () if name not in known]
    if unknown:
        fields.problem(f"unknown rights {', '.join(map(repr, unknown))}; there are {', '.join(sorted(known))}")
    return frozenset(Right(name) for name in named or () if name in known)


def _name(request: Request) -> str:
    name = str(request.path_params["name"])
    fields = Fields({"name": name}, "name")
    fields.text("name", required=True, pattern=NAME)
    fields.finish()
    return name


def _token(facts: TokenFacts) -> dict[str, object]:
    return {
        "id": facts.id,
        "label": facts.label,
        "rights": _values(facts.grant.rights),
        "projects": list(facts.grant.projects),
        "user": facts.user,
        "created_at": _time(facts.created_at),
        "created_by": facts.created_by,
        "expires_at": _time(facts.expires_at),
        "last_used_at": _time(facts.last_used_at),
        "revoked_at": _time(facts.revoked_at),
    }


def _group(group: GroupFacts) -> dict[str, object]:
    return {
        "name": group.name,
        "members": list(group.members),
        "projects": list(group.projects),
        "rights": _values(group.rights),
    }


def _values(rights: Iterable[Right]) -> list[str]:
    return sorted(right.value for right in rights)


def _time(time: dt.datetime | None) -> str | None:
    return None if time is None else time.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
