"""The one hash that a lock may rest on."""

from __future__ import annotations

import re

from wheelyard_resolver.errors import InputError
from wheelyard_resolver.proposal import Base, LockedPackage

_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256_of(package: LockedPackage, base: Base) -> str:
    """The sha256 of a locked wheel, in lower-case hexadecimal.

    Raises:
        InputError: the index states none, or something else.
    """
    digest = (package.wheel.sha256 or "").lower()
    if not _SHA256.fullmatch(digest):
        found = f"states {package.wheel.sha256!r}" if package.wheel.sha256 else "states none"
        raise InputError(
            f"{package.wheel.filename} of {base.name} cannot be locked without a sha256, and its index {found}",
            hint=f"serve {package.name} from an index that states sha256 hashes, such as a Wheelyard registry",
        )
    return digest
