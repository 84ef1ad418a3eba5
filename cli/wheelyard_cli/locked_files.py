"""Which files a lock names, by project and sha256: a pylock (PEP 751), or a requirements file with hashes."""

from __future__ import annotations

import re
from pathlib import Path

import tomli
from packaging.pylock import Pylock, PylockValidationError
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from wheelyard_resolver.errors import InputError

_HASH = re.compile(r"--hash[= ]sha256:([0-9a-f]{64})")
_ONLY_FULL_LOCKS = "give a pylock.toml, or requirements with hashes: uv pip compile --generate-hashes"

LockedFiles = dict[NormalizedName, frozenset[str]]
"""The sha256 of the files that may be installed of each project."""


def read_locked(path: Path) -> LockedFiles:
    """The files that a lock names.

    Raises:
        InputError: it cannot be read, or names a project without hashes.
    """
    try:
        text = path.read_text("utf-8")
        return _pylock(text) if path.suffix == ".toml" else _requirements(text)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror or error})", hint=_ONLY_FULL_LOCKS) from error
    except (ValueError, PylockValidationError, InvalidRequirement) as error:
        raise InputError(f"{path} is not a lock: {error}", hint=_ONLY_FULL_LOCKS) from error


def _pylock(text: str) -> LockedFiles:
    found: LockedFiles = {}
    for package in Pylock.from_dict(tomli.loads(text)).packages:
        stated = [wheel.hashes for wheel in package.wheels or ()]
        stated += [package.sdist.hashes] if package.sdist is not None else []
        hashes = frozenset(each["sha256"] for each in stated if "sha256" in each)
        found[package.name] = found.get(package.name, frozenset()) | hashes
    return found


def _requirements(text: str) -> LockedFiles:
    found: LockedFiles = {}
    for line in text.replace("\\\n", " ").splitlines():
        stated = line.split(" #")[0].strip()
        if not stated or stated.startswith(("#", "-")):
            continue
        hashes = frozenset(_HASH.findall(stated))
        if not hashes:
            raise ValueError(f"{stated!r} has no sha256")
        name = canonicalize_name(Requirement(stated.partition(" --hash")[0].strip()).name)
        found[name] = found.get(name, frozenset()) | hashes
    return found
