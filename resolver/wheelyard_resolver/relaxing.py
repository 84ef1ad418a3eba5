"""The least change of a requirement that lets one more release in."""

from __future__ import annotations

from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version


def relaxed(requirement: Requirement, version: Version) -> Requirement:
    """The requirement with its range stretched up or down to a version; what it admits, it still admits.

    Upwards it ends before the next major release (below 1.0: the next minor one), as people bound what they have not
    tried; downwards it begins with the version itself.
    """
    wider = Requirement(str(requirement))
    wider.specifier = SpecifierSet(",".join(_stretched(requirement.specifier, version)))
    return wider


def _stretched(specifier: SpecifierSet, version: Version) -> list[str]:
    clauses: dict[str, None] = {}
    for clause in sorted(specifier, key=str):
        if clause.contains(version, prereleases=True):
            clauses[str(clause)] = None
        else:
            clauses.update(dict.fromkeys(_wider(clause, version)))
    return list(clauses)


def _wider(clause: Specifier, version: Version) -> list[str]:
    """What a clause that keeps a version out becomes: one or two bounds, or nothing."""
    if clause.operator == "!=":
        return []
    if clause.operator == "===":
        return [] if _version(clause) is None else _between(Version(clause.version), version)
    pinned = Version(clause.version.removesuffix(".*"))
    if clause.operator in ("==", "~="):
        return _between(pinned, version)
    return [_below(version)] if clause.operator in ("<", "<=") else [f">={version.public}"]


def _between(pinned: Version, version: Version) -> list[str]:
    if version < pinned:
        return [f">={version.public}", _below(pinned)]
    return [f">={pinned.public}", _below(version)]


def _version(clause: Specifier) -> Version | None:
    try:
        return Version(clause.version)
    except ValueError:
        return None


def _below(version: Version) -> str:
    """The bound before the next release that may break what worked (SemVer 2.0.0, 4 and 8)."""
    epoch = f"{version.epoch}!" if version.epoch else ""
    if version.major or not any(version.release):
        return f"<{epoch}{version.major + 1}"
    return f"<{epoch}0.{version.minor + 1}"
