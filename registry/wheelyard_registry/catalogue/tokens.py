"""Tokens, by their digests."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace

import sqlalchemy as sa

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.accounts import identity_of
from wheelyard_registry.catalogue.audit import append_event, time_text
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.credentials import Token, new_token
from wheelyard_registry.errors import NotFound, Unauthenticated
from wheelyard_registry.identity import Grant, Identity, Right

USE_NOTED_EVERY = dt.timedelta(minutes=1)
"""How exact "last used" is. Every use would be a write, and reads should not wait for one."""

REMEMBERED_FOR = dt.timedelta(seconds=2)
"""How long a token is recognised without asking the database: by so much another replica may miss a revocation."""

_REMEMBERED = 1024

FIRST = "admin of the first start"


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token as its owner may see it: everything but the secret. ``user`` bounds it by what that user may do."""

    id: str
    label: str
    grant: Grant
    created_at: dt.datetime
    created_by: str
    user: str | None = None
    expires_at: dt.datetime | None = None
    last_used_at: dt.datetime | None = None
    revoked_at: dt.datetime | None = None


_BY_ID = sa.select(tables.token).where(tables.token.c.id == sa.bindparam("id"))


@dataclass(frozen=True, slots=True)
class Remembered:
    """Who holds a token, and between which times that needs no asking, as long as no event says otherwise."""

    identity: Identity
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class _Known:
    digest: str
    facts: TokenFacts
    read_at: dt.datetime

    @property
    def until(self) -> dt.datetime:
        """Till when the database need not be asked again."""
        used, expires = self.facts.last_used_at, self.facts.expires_at
        noted = self.read_at if used is None else used + USE_NOTED_EVERY
        return min(self.read_at + REMEMBERED_FOR, noted, noted if expires is None else expires)

    def check(self, token: Token, at: dt.datetime) -> None:
        if not token.matches(self.digest):
            raise Unauthenticated("the token is not known to this registry")
        if self.facts.revoked_at is not None:
            raise Unauthenticated(f"the token {token.id} has been revoked")
        if self.facts.expires_at is not None and self.facts.expires_at <= at:
            until, now = time_text(self.facts.expires_at), time_text(at)
            raise Unauthenticated(
                f"the token {token.id} has expired: it was good until {until}, this registry's clock says {now}"
            )


def _identity(facts: TokenFacts, user: Identity | None) -> Identity:
    return Identity(
        name=f"token:{facts.id}",
        grants=(facts.grant,),
        within=None if user is None else user.grants,
        user=facts.user,
        groups=() if user is None else user.groups,
    )


class Tokens:
    """The tokens that were ever made. A revoked one stays, so that the audit log's names keep their meaning."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def create_first(self, *, at: dt.datetime) -> Token | None:
        """An admin token if there has never been a token, else None. Two processes starting at once make one."""
        with self._database.write() as connection:
            if connection.execute(sa.select(sa.func.count()).select_from(tables.token)).scalar_one():
                return None
            return _insert(connection, label=FIRST, grant=Grant(frozenset({Right.ADMIN})), at=at, by="start")

    def create(
        self,
        *,
        label: str,
        grant: Grant,
        at: dt.datetime,
        by: str,
        user: str | None = None,
        expires_at: dt.datetime | None = None,
    ) -> tuple[Token, TokenFacts]:
        """A new token, and what is known of it."""
        with self._database.write() as connection:
            token = _insert(connection, label=label, grant=grant, at=at, by=by, user=user, expires_at=expires_at)
        return token, TokenFacts(token.id, label, grant, at, by, user, expires_at)

    def listed(self, user: str | None = None) -> tuple[TokenFacts, ...]:
        """All tokens, or those of a user, oldest first."""
        query = sa.select(tables.token).order_by(tables.token.c.created_at, tables.token.c.id)
        if user is not None:
            query = query.where(tables.token.c.user == user)
        with self._database.read() as connection:
            return tuple(_facts(row) for row in connection.execute(query))

    def revoke(self, token_id: str, *, at: dt.datetime, by: str, user: str | None = None) -> None:
        """End a token at once. With ``user`` only if it is that user's.

        Raises:
            NotFound: there is no such token, or not of this user.
        """
        chosen = tables.token.c.id == token_id
        if user is not None:
            chosen &= tables.token.c.user == user
        with self._database.write() as connection:
            row = connection.execute(sa.select(tables.token.c.revoked_at).where(chosen)).one_or_none()
            if row is None:
                raise NotFound(what=f"the token {token_id}")
            if row.revoked_at is None:
                connection.execute(sa.update(tables.token).where(chosen).values(revoked_at=at))
                append_event(connection, at=at, kind="token-revoked", subject=token_id, facts={}, by=by)
        self._known.pop(token_id, None)

    def recognise(self, token: Token, at: dt.datetime) -> Identity:
        """Who holds this token.

        Raises:
            Unauthenticated: it is unknown, revoked or expired. The last two are told only to who knows the secret.
        """
        with self._database.read() as connection:
            row = connection.execute(_BY_ID, {"id": token.id}).one_or_none()
            if row is None:
                raise Unauthenticated("the token is not known to this registry")
            known = _Known(row.digest, _facts(row), at)
            known.check(token, at)
            user = None if row.user is None else identity_of(connection, row.user)
        if row.last_used_at is None or at - row.last_used_at >= USE_NOTED_EVERY:
            self._note_use(token.id, at)
            known = replace(known, facts=replace(known.facts, last_used_at=at))
        if user is None:
            self._remember(known)
        return _identity(known.facts, user)

    def remembered(self, token: Token, at: dt.datetime) -> Remembered | None:
        """The same without the database, for a token seen a moment ago; None: ask :meth:`recognise`.

        Only tokens without a user are remembered: what a user may do can change with every request.
        """
        known = self._known.get(token.id)
        if known is None or not known.read_at <= at < known.until:
            return None
        known.check(token, at)
        return Remembered(_identity(known.facts, None), known.read_at, known.until)

    def _remember(self, known: _Known) -> None:
        self._known[known.facts.id] = known
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def _note_use(self, token_id: str, at: dt.datetime) -> None:
        # A disk that takes no more writes is no reason to refuse a read.
        with suppress(sa.exc.DatabaseError), self._database.write() as connection:
            connection.execute(sa.update(tables.token).where(tables.token.c.id == token_id).values(last_used_at=at))


def _insert(
    connection: sa.Connection,
    *,
    label: str,
    grant: Grant,
    at: dt.datetime,
    by: str,
    user: str | None = None,
    expires_at: dt.datetime | None = None,
) -> Token:
    token = new_token()
    rights, projects = sorted(right.value for right in grant.rights), list(grant.projects)
    connection.execute(
        sa.insert(tables.token).values(
            id=token.id,
            digest=token.digest,
            label=label,
            rights=rights,
            projects=projects,
            user=user,
            created_at=at,
            created_by=by,
            expires_at=expires_at,
        )
    )
    facts = {"label": label, "rights": rights, "projects": projects, "user": user}
    append_event(connection, at=at, kind="token-created", subject=token.id, facts=facts, by=by)
    return token


def _grant(row: sa.Row[tuple[object, ...]]) -> Grant:
    return Grant(frozenset(map(Right, row.rights)), tuple(row.projects))


def _facts(row: sa.Row[tuple[object, ...]]) -> TokenFacts:
    return TokenFacts(
        id=row.id,
        label=row.label,
        grant=_grant(row),
        created_at=row.created_at,
        created_by=row.created_by,
        user=row.user,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
