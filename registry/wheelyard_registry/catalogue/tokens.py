"""Tokens, by their digests."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.database import Database, append_event
from wheelyard_registry.identity import Identity, Token, new_token

ADMIN = "admin"


class Tokens:
    """The tokens that may write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_first(self, *, at: dt.datetime) -> Token | None:
        """An admin token if there has never been a token, else None. Two processes starting at once make one."""
        with self._database.write() as connection:
            if connection.execute(sa.select(sa.func.count()).select_from(tables.token)).scalar_one():
                return None
            token = new_token()
            connection.execute(
                sa.insert(tables.token).values(id=token.id, digest=token.digest, label=ADMIN, created_at=at)
            )
            append_event(connection, at=at, kind="token-created", subject=token.id, facts={"label": ADMIN}, by="start")
            return token

    def recognise(self, token: Token) -> Identity | None:
        """Who holds this token; None if it is unknown or revoked."""
        query = sa.select(tables.token.c.digest, tables.token.c.label).where(
            tables.token.c.id == token.id, tables.token.c.revoked_at.is_(None)
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or not token.matches(row.digest):
            return None
        return Identity(token_id=token.id, label=row.label)
