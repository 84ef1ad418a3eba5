"""What a ``Range`` header asks for (RFC 9110, 14.1.2 and 14.2)."""

from __future__ import annotations

import re

from wheelyard_registry.errors import RangeNotSatisfiable

# 18 digits reach any size; more are not worth turning into a number.
_SPEC = r"(?:[0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})"
_BYTE_RANGES = re.compile(rf"\s*bytes\s*=\s*({_SPEC}(?:\s*,\s*{_SPEC})*)\s*", re.IGNORECASE)


def servable(header: str, size: int) -> str | None:
    """The header, reduced to the ranges that a file of ``size`` bytes has.

    None where the whole file is to be served: an unknown unit or a header that cannot be read is as good as none.

    Raises:
        RangeNotSatisfiable: it can be read, and none of its ranges exists.
    """
    read = _BYTE_RANGES.fullmatch(header)
    if read is None:
        return None
    specs = [spec.strip() for spec in read[1].split(",")]
    if any(_backwards(spec) for spec in specs):
        return None
    kept = [spec for spec in specs if _exists(spec, size)]
    if not kept:
        raise RangeNotSatisfiable(size=size)
    return f"bytes={','.join(kept)}"


def _backwards(spec: str) -> bool:
    first, _, last = spec.partition("-")
    return bool(first and last) and int(first) > int(last)


def _exists(spec: str, size: int) -> bool:
    first, _, last = spec.partition("-")
    return int(first) < size if first else int(last) > 0 and size > 0
