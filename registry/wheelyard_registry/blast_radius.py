"""Who is concerned: the deployed models and accepted bases that use a package, or ask for it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_registry.catalogue.bases import Acceptance, AcceptedBase, Bases
from wheelyard_registry.catalogue.deployments import Choice, Deployment, Deployments
from wheelyard_registry.catalogue.files import Files
from wheelyard_registry.deployed_lines import Line, lines_of, pin_of


@dataclass(frozen=True, slots=True)
class ConcernedModel:
    """A deployed model, and what of it is concerned: releases of its lock, or its requirement lines."""

    deployment: Deployment
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConcernedBase:
    """An accepted base of a stage, the releases of its lock that are concerned, and who owns the models it hosts."""

    stage: str
    base: AcceptedBase
    because: tuple[str, ...]
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Concerned:
    """What is concerned, in the order of recording. ``following`` is the serial to go on from; None: this is all."""

    models: tuple[ConcernedModel, ...]
    bases: tuple[ConcernedBase, ...]
    following: int | None


class BlastRadius:
    """Holds a package against all that runs and all that is accepted now.

    Questions take a serial ``after`` which to look, and a ``limit`` at which to stop; the bases of one acceptance are
    told together.
    """

    def __init__(self, deployments: Deployments, bases: Bases, files: Files) -> None:
        self._deployments = deployments
        self._bases = bases
        self._files = files

    def users(self, wanted: Requirement, stage: str | None, *, after: int = 0, limit: int | None = None) -> Concerned:
        """What has a release that satisfies a requirement: itself, in its lock, or pinned by its lines; and bases."""
        running = self._deployments.running(Choice(stage))
        standing = [each for each in self._bases.standing() if stage in {None, each.stage}]
        recorded: list[Deployment | Acceptance] = [*running, *standing]
        owners = {(each.stage, each.key): each.owner for each in running}
        pinned = cache(partial(self._pinned, wanted))
        models: list[ConcernedModel] = []
        bases: list[ConcernedBase] = []
        for each in sorted(recorded, key=lambda entry: entry.serial):
            if each.serial <= after:
                continue
            if isinstance(each, Deployment):
                found = tuple(dict.fromkeys((*_itself(wanted, each), *(pinned(each.lock) if each.lock else ()))))
                models += [ConcernedModel(each, found)] if found else []
            else:
                bases += (
                    ConcernedBase(each.stage, base, pinned(base.lock), _owners(each.stage, base, owners))
                    for base in each.bases
                    if pinned(base.lock)
                )
            if len(models) + len(bases) >= (limit or math.inf):
                return Concerned(tuple(models), tuple(bases), each.serial)
        return Concerned(tuple(models), tuple(bases), None)

    def requirers(
        self, project: NormalizedName, stage: str | None, *, after: int = 0, limit: int | None = None
    ) -> Concerned:
        """The deployed models one of whose requirement lines is about a project. A model without a wheel has none."""
        running = self._deployments.running(Choice(stage), after=after)
        metadata = self._files.metadata_of_releases({(each.model, each.version) for each in running})
        found = (
            ConcernedModel(each, asking)
            for each in running
            if (asking := _asking(lines_of(each, metadata.get((each.model, each.version))), project))
        )
        models = tuple(islice(found, limit))
        return Concerned(models, (), models[-1].deployment.serial if len(models) == limit else None)

    def _pinned(self, wanted: Requirement, lock: str) -> tuple[str, ...]:
        name = canonicalize_name(wanted.name)
        return tuple(
            f"{package.name} {package.version}"
            for package in self._bases.packages(lock)
            if package.name == name and package.version is not None and _admits(wanted, package.version)
        )


def _owners(stage: str, base: AcceptedBase, owners: Mapping[tuple[str, str], str | None]) -> tuple[str, ...]:
    return tuple(sorted({owner for key in base.models if (owner := owners.get((stage, key)))}))


def _itself(wanted: Requirement, deployment: Deployment) -> Iterator[str]:
    """The deployed release, and what its own lines pin, as far as that is wanted."""
    name = canonicalize_name(wanted.name)
    own = (deployment.model, deployment.version)
    for known, version in (own, *filter(None, map(pin_of, deployment.requires or ()))):
        if known == name and _admits(wanted, Version(version)):
            yield f"{known} {version}"


def _asking(lines: Iterable[Line], project: NormalizedName) -> tuple[str, ...]:
    return tuple(line for name, line in lines if name == project)


def _admits(wanted: Requirement, version: Version) -> bool:
    return wanted.specifier.contains(version, prereleases=True)
