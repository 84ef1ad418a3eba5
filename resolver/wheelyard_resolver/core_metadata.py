"""What the resolver needs of a METADATA file: dependencies, Requires-Python, extras.

Sources: PyPA core metadata specification; PEP 508 (requirements), 685 (names of extras).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.errors import InputError
from wheelyard_resolver.target import Target

_QUOTED = re.compile(r"""["']([^"']*)["']""")


@dataclass(frozen=True)
class CoreMetadata:
    """The dependencies of one wheel, as its METADATA states them."""

    requires: tuple[Requirement, ...]
    requires_python: SpecifierSet | None
    extras: frozenset[NormalizedName]


class UndefinedMarker(InputError):
    """A marker that parses and has no value: what it compares cannot be compared so."""

    def __init__(self, *, marker: str, reason: str) -> None:
        super().__init__(
            f"the marker {marker!r} has no value: {reason}",
            hint="PEP 508 tells what compares with what; a version after ~= has at least two numbers",
        )
        self.marker = marker


class InvalidMetadata(ValueError):
    """The METADATA cannot be used; the message says why, for people."""


def parse_metadata(content: bytes, release: tuple[NormalizedName, Version] | None = None) -> CoreMetadata:
    """Read a METADATA file, that of ``release`` (name and version) where one is given.

    Only the headers are read: the description is most of the bytes and says nothing about dependencies.

    Raises:
        InvalidMetadata: no name or no version, or those of another release, or a dependency or Requires-Python that
            packaging cannot parse. pip skips such a candidate too.
    """
    raw, _ = parse_email(_headers(content))
    name, version = raw.get("name"), raw.get("version")
    if not name or not version:
        raise InvalidMetadata("its METADATA states no name or no version")
    if release is not None and not _is_of(release, name, version):
        raise InvalidMetadata(f"its METADATA is that of {name} {version}")
    try:
        requires = tuple(_requirement(text) for text in raw.get("requires_dist", ()))
    except (InvalidRequirement, RecursionError) as error:  # brackets may be nested without end
        raise InvalidMetadata(f"its METADATA has a dependency that cannot be read ({_first_line(error)})") from error
    return CoreMetadata(
        requires=requires,
        requires_python=_requires_python(raw.get("requires_python")),
        extras=frozenset(canonicalize_name(extra) for extra in raw.get("provides_extra", ())),
    )


def _is_of(release: tuple[NormalizedName, Version], name: str, version: str) -> bool:
    try:
        return release == (canonicalize_name(name), Version(version))
    except InvalidVersion:
        return False


def _headers(content: bytes) -> bytes:
    ends = [end for end in (content.find(b"\n\n"), content.find(b"\r\n\r\n")) if end >= 0]
    return content[: min(ends)] + b"\n\n" if ends else content


def _requires_python(text: str | None) -> SpecifierSet | None:
    if not text:
        return None
    try:
        return SpecifierSet(text)
    except InvalidSpecifier as error:
        raise InvalidMetadata(f"its Requires-Python {text!r} cannot be read") from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


@lru_cache(maxsize=200_000)
def _requirement(text: str) -> Requirement:
    # The same line stands in hundreds of releases; parsing dominates without the cache. Never mutated.
    return Requirement(text)


def named_extras(requirement: Requirement, extras: frozenset[NormalizedName]) -> frozenset[NormalizedName]:
    """Of a project's extras, those that may make a requirement's marker hold.

    Wheels with dozens of extras would otherwise have each dependency judged for each of them.
    """
    return extras & _named(str(requirement.marker)) if requirement.marker is not None else frozenset()


@lru_cache(maxsize=50_000)
def _named(marker: str) -> frozenset[NormalizedName]:
    # A marker can only tell extras apart by naming them: "extra == 'x'". One that it does not name is to it like no
    # extra at all, and a marker that holds with no extra asked for is a plain dependency.
    return frozenset(canonicalize_name(name) for name in _QUOTED.findall(marker))


def holds(marker: Marker | None, target: Target, extra: str = "") -> bool:
    """Whether a requirement's marker holds on a target, with one extra (or none) asked for.

    Raises:
        UndefinedMarker: it cannot be evaluated, whatever the extra.
    """
    return marker is None or _holds(str(marker), target, extra)


@lru_cache(maxsize=200_000)
def _holds(marker: str, target: Target, extra: str) -> bool:
    try:
        return Marker(marker).evaluate({**target.environment, "extra": extra})
    except (UndefinedComparison, UndefinedEnvironmentName) as error:
        raise UndefinedMarker(marker=marker, reason=str(error)) from error
