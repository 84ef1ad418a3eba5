"""What a raw METADATA file says of dependencies: a second reader, which shares nothing with the engine's.

Sources: PyPA core metadata specification; PEP 508 and 685.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet


@dataclass(frozen=True)
class Dependencies:
    """The dependencies of a wheel, and the Pythons that it admits ("" for all)."""

    requires: tuple[Requirement, ...]
    requires_python: str


def dependencies(content: bytes | None) -> Dependencies | None:
    """The dependencies that METADATA states; None where it is missing or cannot be read: such a wheel is unusable."""
    if content is None:
        return None
    raw, _ = parse_email(_head(content))
    python = raw.get("requires_python") or ""
    try:
        SpecifierSet(python)
        return Dependencies(tuple(_read(text) for text in raw.get("requires_dist", ())), python)
    except (InvalidRequirement, InvalidSpecifier):
        return None


def _head(content: bytes) -> bytes:
    """Everything before the description, which is most of the bytes and begins after the first empty line."""
    lines = content.splitlines(keepends=True)
    end = next((number for number, line in enumerate(lines) if not line.strip(b"\r\n")), len(lines))
    return b"".join(lines[:end]) + b"\n"


@cache
def _read(text: str) -> Requirement:
    return Requirement(text)
