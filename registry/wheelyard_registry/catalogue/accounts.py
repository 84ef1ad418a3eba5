"""Users, groups, and the groups that own projects."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from packaging.utils import NormalizedName

from wheelyard_registry.catalogue import tables
from wheelyard_registry.catalogue.audit import append_event
from wheelyard_registry.catalogue.database import Database
from wheelyard_registry.errors import NotFound, Unauthenticated
from wheelyard_registry.identity import Grant, Identity, Right

OWNERS_RIGHTS = frozenset({Right.READ, Right.UPLOAD, Right.YANK})
"""What the members of a group may do to the projects that it owns."""


@dataclass(frozen=True, slots=True)
class UserFacts:
    """A user as administrators see it."""

    name: str
    groups: tuple[str, ...]
    created_at: dt.datetime
    disabled_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group: its members, the projects it owns, and rights that its members hold over all projects."""

    name: str
    members: tuple[str, ...]
    projects: tuple[NormalizedName, ...]
    rights: frozenset[Right]


class Accounts:
    """Users and groups. Each change is an event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def password(self, user: str) -> str | None:
        """The stored hash; None for a user that is unknown or disabled."""
        table = tables.account
        query = sa.select(table.c.password).where(table.c.name == user, table.c.disabled_at.is_(None))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def identity(self, user: str) -> Identity:
        """A user with the rights of the moment.

        Raises:
            Unauthenticated: the user has been disabled meanwhile.
        """
        with self._database.read() as connection:
            return identity_of(connection, user)

    def set_password(self, user: str, stored: str, *, at: dt.datetime, by: str) -> None:
        """Make a user, or give an existing one (also a disabled one) another password."""
        self.set_passwords({user: stored}, at=at, by=by)

    def set_passwords(self, passwords: Mapping[str, str], *, at: dt.datetime, by: str) -> None:
        """The same for many users, all or none."""
        table = tables.account
        with self._database.write() as connection:
            for user, stored in passwords.items():
                changed = sa.update(table).where(table.c.name == user).values(password=stored, disabled_at=None)
                known = connection.execute(changed).rowcount == 1
                if not known:
                    connection.execute(sa.insert(table).values(name=user, password=stored, created_at=at))
                kind = "password-changed" if known else "user-added"
                append_event(connection, at=at, kind=kind, subject=user, facts={}, by=by)

    def improve_password(self, user: str, old: str, new: str) -> None:
        """Replace a hash by a better one of the same password, unless it was changed meanwhile."""
        table = tables.account
        with self._database.write() as connection:
            connection.execute(
                sa.update(table).where(table.c.name == user, table.c.password == old).values(password=new)
            )

    def disable(self, user: str, *, at: dt.datetime, by: str) -> None:
        """Shut a user out. The user's tokens stop working with it.

        Raises:
            NotFound: there is no such user.
        """
        table = tables.account
        with self._database.write() as connection:
            if connection.execute(sa.update(table).where(table.c.name == user).values(disabled_at=at)).rowcount == 0:
                raise NotFound(what=f"the user {user}")
            append_event(connection, at=at, kind="user-disabled", subject=user, facts={}, by=by)

    def users(self) -> tuple[UserFacts, ...]:
        """All users by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(tables.account).order_by(tables.account.c.name)).all()
            return tuple(
                UserFacts(row.name, _groups_of(connection, row.name), row.created_at, row.disabled_at) for row in rows
            )

    def set_group(
        self, group: str, *, members: Iterable[str], rights: Iterable[Right], at: dt.datetime, by: str
    ) -> GroupFacts:
        """Make a group, or give it other members and rights.

        Raises:
            NotFound: a member is no user.
        """
        people, named = sorted(set(members)), sorted({right.value for right in rights})
        with self._database.write() as connection:
            for person in people:
                _require_user(connection, person)
            known = sa.update(tables.user_group).where(tables.user_group.c.name == group).values(rights=named)
            if connection.execute(known).rowcount == 0:
                connection.execute(sa.insert(tables.user_group).values(name=group, rights=named, created_at=at))
            connection.execute(sa.delete(tables.membership).where(tables.membership.c.group == group))
            for person in people:
                connection.execute(sa.insert(tables.membership).values(group=group, user=person))
            facts = {"members": people, "rights": named}
            append_event(connection, at=at, kind="group-set", subject=group, facts=facts, by=by)
            return _group(connection, group, named)

    def groups(self) -> tuple[GroupFacts, ...]:
        """All groups by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(tables.user_group).order_by(tables.user_group.c.name)).all()
            return tuple(_group(connection, row.name, row.rights) for row in rows)

    def set_owners(self, project: NormalizedName, groups: Iterable[str], *, at: dt.datetime, by: str) -> None:
        """Name the groups that own a project, also before its first file.

        Raises:
            NotFound: there is no such group.
        """
        owners = sorted(set(groups))
        with self._database.write() as connection:
            for group in owners:
                known = sa.select(tables.user_group.c.name).where(tables.user_group.c.name == group)
                if connection.execute(known).one_or_none() is None:
                    raise NotFound(what=f"the group {group}", hint=f"make it first: wheelyard user group {group}")
            give_project(connection, project, owners)
            append_event(connection, at=at, kind="owners-set", subject=project, facts={"groups": owners}, by=by)

    def owners(self, project: NormalizedName) -> tuple[str, ...]:
        """The groups that own a project, by name."""
        table = tables.ownership
        with self._database.read() as connection:
            query = sa.select(table.c.group).where(table.c.project == project).order_by(table.c.group)
            return tuple(connection.execute(query).scalars())


def give_project(connection: sa.Connection, project: NormalizedName, groups: Iterable[str]) -> None:
    """Write the owners of a project, inside a transaction of the caller."""
    table = tables.ownership
    connection.execute(sa.delete(table).where(table.c.project == project))
    for group in groups:
        connection.execute(sa.insert(table).values(project=project, group=group))


def identity_of(connection: sa.Connection, user: str) -> Identity:
    """See :meth:`Accounts.identity`."""
    table = tables.account
    enabled = sa.select(table.c.name).where(table.c.name == user, table.c.disabled_at.is_(None))
    if connection.execute(enabled).one_or_none() is None:
        raise Unauthenticated(f"the user {user} is not known, or has been disabled")
    groups = _groups_of(connection, user)
    owned, rights = tables.ownership, tables.user_group
    projects = connection.execute(sa.select(owned.c.project).where(owned.c.group.in_(groups))).scalars()
    held = connection.execute(sa.select(rights.c.rights).where(rights.c.name.in_(groups))).scalars()
    everywhere = {Right.READ, *(Right(right) for group in held for right in group)}
    return Identity(
        name=f"user:{user}",
        grants=(Grant(frozenset(everywhere)), Grant(OWNERS_RIGHTS, tuple(sorted(projects)))),
        user=user,
        groups=groups,
    )


def _groups_of(connection: sa.Connection, user: str) -> tuple[str, ...]:
    table = tables.membership
    return tuple(
        connection.execute(sa.select(table.c.group).where(table.c.user == user).order_by(table.c.group)).scalars()
    )


def _group(connection: sa.Connection, name: str, rights: Iterable[str]) -> GroupFacts:
    members, owned = tables.membership, tables.ownership
    people = connection.execute(sa.select(members.c.user).where(members.c.group == name).order_by(members.c.user))
    projects = connection.execute(sa.select(owned.c.project).where(owned.c.group == name).order_by(owned.c.project))
    return GroupFacts(name, tuple(people.scalars()), tuple(projects.scalars()), frozenset(map(Right, rights)))


def _require_user(connection: sa.Connection, name: str) -> None:
    if connection.execute(sa.select(tables.account.c.name).where(tables.account.c.name == name)).one_or_none() is None:
        raise NotFound(what=f"the user {name}", hint=f"add them first: wheelyard user add {name}")
