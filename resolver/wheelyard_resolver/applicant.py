"""What asks to join a fleet, before it is known which model it replaces, and hence for which target.

It is a project by its metadata, a release in the index (``NAME==VERSION``), or requirements without a project.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_resolver.core_metadata import CoreMetadata
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import Fleet, ModelPackage
from wheelyard_resolver.released_models import read_releases
from wheelyard_resolver.requirement_lines import WrittenRequirement, applicable, lines_of_model
from wheelyard_resolver.stated_fleet import ModelEntry, pinned_version

BARE = canonicalize_name("candidate")
"""What requirements without a project are called."""


@dataclass(frozen=True)
class Project:
    """A project by its metadata, with those of its extras that are ``asked`` for among those that it has."""

    name: NormalizedName
    version: Version
    requirements: tuple[WrittenRequirement, ...]
    extras: frozenset[NormalizedName] = frozenset()
    asked: frozenset[NormalizedName] = frozenset()
    requires_python: SpecifierSet | None = None


def project_of(name: NormalizedName, version: Version, metadata: CoreMetadata, source: str) -> Project:
    """The project that core metadata describes; ``source`` is where it was found."""
    written = tuple(WrittenRequirement(requirement, f"METADATA of {source}") for requirement in metadata.requires)
    return Project(name, version, written, metadata.extras, requires_python=metadata.requires_python)


@dataclass(frozen=True)
class Release:
    """A release in the index, by a requirement that pins it."""

    requirement: Requirement


@dataclass(frozen=True)
class Requirements:
    """Requirements without a project."""

    written: tuple[WrittenRequirement, ...]


Applicant: TypeAlias = Project | Release | Requirements


def as_model(applicant: Applicant, fleet: Fleet, index: Index, slot: str) -> ModelPackage:
    """The applicant as a model of the fleet. It takes owner, target and observed needs of the release it replaces.

    Raises:
        InputError: it cannot be used.
        Undecided: the index could not be read.
    """
    if isinstance(applicant, Requirements):
        lines = lines_of_model(applicable(applicant.written, fleet.target), model=BARE)
        return ModelPackage(BARE, Version("0"), fleet.target, lines)
    if isinstance(applicant, Project):
        return _project(applicant, fleet, slot)
    return _release(applicant.requirement, fleet, index, slot)


def _project(given: Project, fleet: Fleet, slot: str) -> ModelPackage:
    bare = ModelPackage(given.name, given.version, fleet.target, (), slot, requires_python=given.requires_python)
    bare, replaced = _in_place(bare, fleet)
    if unknown := sorted(given.asked - given.extras):
        known = ", ".join(sorted(given.extras)) or "none"
        raise InputError(f"{given.name} has no extra {unknown[0]}", hint=f"its extras: {known}")
    kept = applicable(given.requirements, bare.target, owner=given.name, extras=given.asked)
    return _with_observed(replace(bare, lines=lines_of_model(kept, model=bare.key, owner=bare.owner)), replaced)


def _release(release: Requirement, fleet: Fleet, index: Index, slot: str) -> ModelPackage:
    version = pinned_version(release)
    assert version is not None, "whoever made the applicant has looked"
    bare = ModelPackage(canonicalize_name(release.name), version, fleet.target, (), slot)
    bare, replaced = _in_place(bare, fleet)
    found = read_releases([ModelEntry(bare, str(release), release)], index)[bare.key]
    return _with_observed(found, replaced)


def _in_place(model: ModelPackage, fleet: Fleet) -> tuple[ModelPackage, ModelPackage | None]:
    replaced = fleet.model(model.key)
    if replaced is None:
        return model, None
    return replace(model, target=replaced.target, owner=replaced.owner), replaced


def _with_observed(model: ModelPackage, replaced: ModelPackage | None) -> ModelPackage:
    """What the older release was seen to need counts for the new one, until it is taken out of the fleet."""
    observed = () if replaced is None else tuple(line for line in replaced.lines if line.observed)
    return replace(model, lines=(*model.lines, *observed))
