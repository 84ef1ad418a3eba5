"""A fleet as somebody states it, before the index is asked what its releases require."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from wheelyard_resolver.model import AcceptedBase, CandidatePolicy, ModelPackage, RequirementLine
from wheelyard_resolver.target import Target


@dataclass(frozen=True)
class ModelEntry:
    """A model as stated, and where. If ``release`` is set, its lines are in the index and not here yet."""

    model: ModelPackage
    where: str
    release: Requirement | None = None


@dataclass(frozen=True, kw_only=True)
class StatedFleet:
    """A fleet, checked as far as that is possible without an index.

    ``observed`` are lines that models were seen to need, which stand in no metadata.
    """

    name: str
    stage: str
    target: Target
    models: tuple[ModelEntry, ...]
    constraints: tuple[RequirementLine, ...] = ()
    policy: CandidatePolicy = field(default_factory=CandidatePolicy)
    bases: tuple[AcceptedBase, ...] = ()
    max_bases: int | None = None
    observed: tuple[RequirementLine, ...] = ()


def pinned_version(release: Requirement) -> Version | None:
    """The version of ``NAME==VERSION``; None for any other requirement."""
    pins = list(release.specifier)
    if len(pins) != 1 or pins[0].operator != "==" or release.url or release.marker:
        return None
    try:
        return Version(pins[0].version)
    except InvalidVersion:  # a wildcard
        return None
