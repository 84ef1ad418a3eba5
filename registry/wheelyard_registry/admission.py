"""What speaks against a deployment: judged from what the registry holds, without solving anything.

The release must be neither yanked nor in quarantine, take the stage's Python, and have its requirement lines met by the
lock of its accepted base as it was built. What the extras of a line bring is not looked into.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from wheelyard_registry.locked_packages import LockedPackage
from wheelyard_resolver.core_metadata import CoreMetadata, UndefinedMarker, holds
from wheelyard_resolver.target import Target


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a release that is to be deployed.

    ``withdrawn`` says why its files should not be used, if so. ``base`` is the base it names; ``accepted`` are the
    names of the stage's accepted bases, and ``packages`` what the lock of the named one pins, if it is one of them.
    """

    withdrawn: str | None
    metadata: CoreMetadata | None
    base: str | None
    accepted: Sequence[str]
    packages: Sequence[LockedPackage] | None


def objections(facts: Facts, target: Target) -> tuple[str, ...]:
    """What speaks against it, in words; nothing where nothing does."""
    return tuple(_objections(facts, target))


def _objections(facts: Facts, target: Target) -> Iterator[str]:
    if facts.withdrawn is not None:
        yield facts.withdrawn
    metadata = facts.metadata
    if metadata is not None and not _takes(metadata.requires_python, target):
        yield f"it requires Python {metadata.requires_python}, the stage has {'.'.join(map(str, target.release))}"
    if not facts.accepted:
        return
    if facts.packages is None:
        named = "it names no base" if facts.base is None else f"{facts.base} is not an accepted base"
        yield f"{named}; accepted here: {', '.join(facts.accepted)}"
    elif metadata is not None:
        pinned = {package.name: package for package in facts.packages}
        for line in metadata.requires:
            yield from _unmet(line, pinned.get(canonicalize_name(line.name)), facts.base, target)


def _takes(requires_python: SpecifierSet | None, target: Target) -> bool:
    return requires_python is None or requires_python.contains(target.python, prereleases=True)


def _unmet(line: Requirement, found: LockedPackage | None, base: str | None, target: Target) -> Iterator[str]:
    try:
        if not holds(line.marker, target):
            return
    except UndefinedMarker as problem:
        yield str(problem)
        return
    if found is None:
        yield f"it requires {line}, which {base} does not have"
    elif found.version is not None and not found.direct and not _admits(line, found.version):
        yield f"it requires {line}, {base} has {found.name} {found.version}"


def _admits(line: Requirement, version: Version) -> bool:
    return line.url is None and line.specifier.contains(version, prereleases=True)
