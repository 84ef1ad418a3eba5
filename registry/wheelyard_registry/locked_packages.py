"""The packages that a lock pins. Source: PEP 751."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import tomli
from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_resolver.pinned import pinned_version


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package of a lock: its version where known, whether it is a direct reference, the bytes of its wheels."""

    name: NormalizedName
    version: Version | None
    direct: bool
    size: int
    dependencies: tuple[NormalizedName, ...]


class NotALock(ValueError):
    """A text that is no lock; the message says why."""


# Admitting a deployment reads the lock of its base while other changes wait.
@lru_cache(maxsize=64)
def packages_of(text: str) -> tuple[LockedPackage, ...]:
    """The packages of a lock, by name.

    Raises:
        NotALock: it is not TOML, or not a lock.
    """
    try:
        lock = Pylock.from_dict(tomli.loads(text))
    except (tomli.TOMLDecodeError, PylockValidationError, PylockUnsupportedVersionError, RecursionError) as error:
        raise NotALock(str(error)) from error
    found = (
        LockedPackage(
            package.name,
            pinned_version(package),
            package.archive is not None,
            sum(wheel.size or 0 for wheel in package.wheels or ()),
            tuple(canonicalize_name(each["name"]) for each in package.dependencies or () if "name" in each),
        )
        for package in lock.packages
    )
    return tuple(sorted(found, key=lambda package: package.name))
