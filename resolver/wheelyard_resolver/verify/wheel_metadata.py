"""What a raw METADATA file says of dependencies: a second reader, which shares nothing with the engine's.

Sources: PyPA core metadata specification; PEP 508 and 685.
"""

from __future__ import annotations

from dataclasses import dataclass

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.verify.facts import requirement_of


@dataclass(frozen=True)
class Dependencies:
    """Whose dependencies a wheel states, which, the Pythons that it admits ("" for all), the extras that it offers."""

    name: NormalizedName
    version: Version
    requires: tuple[Requirement, ...]
    requires_python: str
    extras: frozenset[NormalizedName]


def dependencies(content: bytes | None) -> Dependencies | None:
    """The dependencies that METADATA states; None where it is missing or cannot be read: such a wheel is unusable."""
    if content is None:
        return None
    raw, _ = parse_email(_head(content))
    name, version = raw.get("name"), raw.get("version")
    if not name or not version:
        return None
    python = raw.get("requires_python") or ""
    try:
        SpecifierSet(python)
        release = canonicalize_name(name), Version(version)
        requires = tuple(requirement_of(text) for text in raw.get("requires_dist", ()))
    except (InvalidRequirement, InvalidSpecifier, InvalidVersion, RecursionError):  # brackets may be nested without end
        return None
    return Dependencies(*release, requires, python, frozenset(map(canonicalize_name, raw.get("provides_extra", ()))))


def _head(content: bytes) -> bytes:
    """Everything before the description, which is most of the bytes and begins after the first empty line."""
    lines = content.splitlines(keepends=True)
    end = next((number for number, line in enumerate(lines) if not line.strip(b"\r\n")), len(lines))
    return b"".join(lines[:end]) + b"\n"
