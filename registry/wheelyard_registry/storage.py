"""The data directory: made, migrated and swept at start, and shared by several processes without harm."""

from __future__ import annotations

import datetime as dt
import fcntl
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from typing import IO

import sqlalchemy as sa

from wheelyard_registry.blobs import BlobStore
from wheelyard_registry.catalogue.audit import AuditLog
from wheelyard_registry.catalogue.cooldowns import Cooldowns
from wheelyard_registry.catalogue.database import Clock, Database
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.catalogue.lifecycle import Lifecycle
from wheelyard_registry.catalogue.tokens import Tokens
from wheelyard_registry.credentials import Token
from wheelyard_registry.errors import CannotServe
from wheelyard_registry.leftovers import Leftovers
from wheelyard_registry.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data directory in use. ``first_token`` exists on the very first start only; ``lock`` is held while open."""

    first_token: Token | None
    lock: IO[bytes]


def open_blobs(settings: Settings) -> BlobStore:
    """The store of private files."""
    return BlobStore(settings.blobs, settings.staging)


def open_cache(settings: Settings) -> BlobStore:
    """The store of upstream files."""
    return BlobStore(settings.cache, settings.staging)


def prepare(settings: Settings, clock: Clock) -> Prepared:
    """Make the directory, bring the catalogue up to date, sweep what a crash left, make the first token.

    While another process holds the lock nothing is swept here, because it may be about to list it.
    A cooldown that differs from that of the start before is recorded, so that the past can be told.

    Raises:
        CannotServe: the directory or the database cannot be used.
    """
    try:
        with ExitStack() as opened:
            settings.data.mkdir(parents=True, exist_ok=True)
            lock = opened.enter_context((settings.data / "lock").open("ab"))
            blobs = open_blobs(settings)
            with closing(Database(settings.database_url)) as database:
                database.migrate()
                _require_own_catalogue(database, settings, blobs)
                _sweep(lock, Leftovers(blobs, Files(database), Lifecycle(database)))
                token = Tokens(database).create_first(at=clock())
                period = dt.timedelta(0) if settings.cooldown_dry_run else settings.cooldown
                Cooldowns(database).note_period(period, at=clock())
            opened.pop_all()  # the lock stays open, and thereby held
            return Prepared(first_token=token, lock=lock)
    except OSError as error:
        reason = f"the data directory {settings.data} cannot be used ({error.strerror or error})"
        raise CannotServe(reason=reason, hint="choose another one with --data") from error
    except (sa.exc.ArgumentError, ModuleNotFoundError) as error:
        raise CannotServe(
            reason=f"its catalogue cannot be reached ({error})",
            hint="--database takes a URL like postgresql+psycopg://user@host/name; its driver comes with "
            "pip install 'wheelyard[registry,postgresql]'",
        ) from error
    except sa.exc.DatabaseError as error:
        raise CannotServe(
            reason=f"its catalogue cannot be opened ({error.orig or error})",
            hint="check the database; a damaged catalogue.sqlite3 must be restored from a backup",
        ) from error


def _require_own_catalogue(database: Database, settings: Settings, blobs: BlobStore) -> None:
    """Stop where the bytes are those of another catalogue: to a new one all of them would be leftovers."""
    if next(blobs.all(), None) is not None and AuditLog(database).head().serial == 0:
        raise CannotServe(
            reason=f"its catalogue is new, and {settings.blobs} holds files already",
            hint="give the --database that was used with this data directory, or choose another directory with --data",
        )


def _sweep(lock: IO[bytes], leftovers: Leftovers) -> None:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        leftovers.sweep()
    fcntl.flock(lock, fcntl.LOCK_SH)
