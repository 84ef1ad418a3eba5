"""Passwords that people choose: slow hashes, few at a time, and few tries.

New ones are argon2id (RFC 9106). Hashes of an htpasswd file, as pypiserver and Apache use it, are accepted as they are
and replaced by argon2id when their owner first logs in.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.to_thread
import argon2
from passlib.context import CryptContext

from wheelyard_registry.catalogue.database import Clock
from wheelyard_registry.errors import TooManyAttempts

LONGEST = 1024
"""Characters of a password. Longer ones only cost time."""

AT_ONCE = 2
"""Passwords verified at the same time. Each takes 64 MiB and some 100 ms."""

WAITING = 32
"""Verifications that may wait for one of those places; more are sent away."""

TRIES = 5
"""Wrong passwords of one user from one address, before the next try has to wait."""

TRIES_OF_ADDRESS = 30
"""Wrong passwords from one address, whoever they are for."""

PAUSE = dt.timedelta(minutes=1)
"""How long the tries are held against their sender, from the last one."""

_REMEMBERED = 4096
_CONFIRMED_FOR = dt.timedelta(minutes=5)

_hasher = argon2.PasswordHasher(memory_cost=65536, time_cost=3, parallelism=1)
_htpasswd = CryptContext(["bcrypt", "apr_md5_crypt", "ldap_sha1"])


def hash_password(password: str) -> str:
    """The argon2id hash to store, in PHC string format."""
    return _hasher.hash(password)


def readable_hash(stored: str) -> bool:
    """Whether a hash of an htpasswd file is of a kind that can be verified: bcrypt, apr1 or SHA-1."""
    return _htpasswd.identify(stored) is not None


def is_legacy(stored: str) -> bool:
    """Whether the hash should be replaced by a better one."""
    return not stored.startswith("$argon2id$")


def verify(stored: str, password: str) -> bool:
    """Whether the password belongs to the hash. Slow on purpose."""
    try:
        if is_legacy(stored):
            return bool(_htpasswd.verify(password, stored))
        return _hasher.verify(stored, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class _Tries:
    count: int
    until: dt.datetime


class FailedTries:
    """Counts what went wrong lately, for a bounded number of senders."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tries)

    def pause(self, key: str, allowed: int) -> float:
        """Seconds before the next try, 0 if it may come now."""
        tries = self._tries.get(key)
        if tries is None or tries.count < allowed:
            return 0.0
        return max(0.0, (tries.until - self._clock()).total_seconds())

    def count(self, key: str) -> None:
        """One more went wrong."""
        known = self._tries.pop(key, None)
        now = self._clock()
        count = known.count if known is not None and known.until > now else 0
        self._tries[key] = _Tries(count + 1, now + PAUSE)
        if len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)

    def forget(self, key: str) -> None:
        """It went right."""
        self._tries.pop(key, None)


class PasswordGate:
    """Verifies passwords without letting anybody exhaust the machine or guess at speed.

    A password that was right stays right for five minutes without another slow hash, as long as its stored hash is
    the same; what is kept for that is an HMAC under a key of this process. ``hashing`` makes new hashes.
    """

    def __init__(self, clock: Clock, hashing: Callable[[str], str] = hash_password) -> None:
        self._clock = clock
        self._hashing = hashing
        self._failed = FailedTries(clock)
        self._places = anyio.CapacityLimiter(AT_ONCE)
        self._waiting = 0
        self._key = secrets.token_bytes(32)
        self._confirmed: OrderedDict[bytes, dt.datetime] = OrderedDict()
        self._nobody: str | None = None

    async def admits(self, user: str, password: str, stored: str | None, *, address: str) -> bool:
        """Whether ``password`` is the user's. ``stored`` is None for an unknown user, who takes just as long.

        Raises:
            TooManyAttempts: too many were wrong, or too many wait.
        """
        if len(password) > LONGEST:
            return False
        mark = self._mark(user, password, stored or "")
        if self._confirmed.get(mark, self._clock()) > self._clock():
            return True
        person = f"{user}@{address}"
        self._require_tries(person, address)
        against = stored or await self._someone()
        async with self._turn():
            # Once more: those who waited together would else all have their try.
            self._require_tries(person, address)
            right = await anyio.to_thread.run_sync(verify, against, password) and stored is not None
            if not right:
                self._failed.count(person)
                self._failed.count(address)
                return False
        self._failed.forget(person)
        self._confirm(mark)
        return True

    def _require_tries(self, person: str, address: str) -> None:
        pause = max(self._failed.pause(person, TRIES), self._failed.pause(address, TRIES_OF_ADDRESS))
        if pause:
            raise TooManyAttempts(seconds=pause)

    async def hash(self, password: str) -> str:
        """The hash to store, made in one of the same few places: a new password takes as much memory as a try.

        Raises:
            TooManyAttempts: too many wait.
        """
        async with self._turn():
            return await anyio.to_thread.run_sync(self._hashing, password)

    async def _someone(self) -> str:
        # A hash that no password has: an unknown user takes as long as a known one.
        if self._nobody is None:
            self._nobody = await self.hash(secrets.token_hex(16))
        return self._nobody

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._waiting >= WAITING:
            raise TooManyAttempts(seconds=1)
        self._waiting += 1
        try:
            async with self._places:
                yield
        finally:
            self._waiting -= 1

    def _mark(self, user: str, password: str, stored: str) -> bytes:
        text = "\0".join((user, password, stored))
        return hmac.new(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def _confirm(self, mark: bytes) -> None:
        self._confirmed[mark] = self._clock() + _CONFIRMED_FOR
        self._confirmed.move_to_end(mark)
        if len(self._confirmed) > _REMEMBERED:
            self._confirmed.popitem(last=False)
