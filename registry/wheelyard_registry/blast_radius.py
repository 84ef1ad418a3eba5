"""Who is concerned: the deployed models and accepted bases that use a package, or ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from wheelyard_registry.catalogue.bases import AcceptedBase, Bases
from wheelyard_registry.catalogue.deployments import Choice, Deployment, Deployments
from wheelyard_registry.catalogue.files import Files
from wheelyard_resolver.core_metadata import parse_metadata


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


class BlastRadius:
    """Holds a package against all that runs and all that is accepted now."""

    def __init__(self, deployments: Deployments, bases: Bases, files: Files) -> None:
        self._deployments = deployments
        self._bases = bases
        self._files = files

    def users(
        self, wanted: Requirement, stage: str | None
    ) -> tuple[tuple[ConcernedModel, ...], tuple[ConcernedBase, ...]]:
        """What has a release that satisfies a requirement: itself, in its lock, or pinned by its lines; and bases."""
        running = self._deployments.running(Choice(stage))
        models = tuple(
            ConcernedModel(deployment, found)
            for deployment in running
            if (found := tuple(dict.fromkeys(self._uses(wanted, deployment))))
        )
        owners = {(each.stage, each.key): each.owner for each in running}
        bases = tuple(
            ConcernedBase(
                standing.stage,
                base,
                found,
                tuple(sorted({owner for key in base.models if (owner := owners.get((standing.stage, key)))})),
            )
            for standing in self._bases.standing()
            if stage in {None, standing.stage}
            for base in standing.bases
            if (found := self._pinned(wanted, base.lock))
        )
        return models, bases

    def requirers(self, project: NormalizedName, stage: str | None) -> tuple[ConcernedModel, ...]:
        """The deployed models one of whose requirement lines is about a project. A model without a wheel has none."""
        running = self._deployments.running(Choice(stage))
        metadata = self._files.metadata_of_releases({(each.model, each.version) for each in running})
        return tuple(
            ConcernedModel(deployment, found)
            for deployment in running
            if (found := tuple(_lines(metadata, deployment, project)))
        )

    def _uses(self, wanted: Requirement, deployment: Deployment) -> Iterator[str]:
        if _satisfies(wanted, deployment.model, Version(deployment.version)):
            yield f"{deployment.model} {deployment.version}"
        yield from self._pinned(wanted, deployment.lock)
        for line in map(Requirement, deployment.requires or ()):
            pins = [
                Version(each.version) for each in line.specifier if each.operator == "==" and "*" not in each.version
            ]
            if len(pins) == 1 and _satisfies(wanted, canonicalize_name(line.name), pins[0]):
                yield f"{canonicalize_name(line.name)} {pins[0]}"

    def _pinned(self, wanted: Requirement, lock: str | None) -> tuple[str, ...]:
        if lock is None:
            return ()
        return tuple(
            f"{package.name} {package.version}"
            for package in self._bases.packages(lock)
            if package.version is not None and _satisfies(wanted, package.name, package.version)
        )


def _satisfies(wanted: Requirement, name: NormalizedName, version: Version) -> bool:
    return canonicalize_name(wanted.name) == name and wanted.specifier.contains(version, prereleases=True)


def _lines(
    metadata: Mapping[tuple[NormalizedName, str], bytes], deployment: Deployment, project: NormalizedName
) -> Iterator[str]:
    body = metadata.get((deployment.model, deployment.version))
    if deployment.requires is not None:
        yield from (line for line in deployment.requires if canonicalize_name(Requirement(line).name) == project)
    elif body is not None:
        yield from (text for name, text in _requirements(body) if name == project)


@lru_cache(maxsize=4096)
def _requirements(body: bytes) -> tuple[tuple[NormalizedName, str], ...]:
    return tuple((canonicalize_name(line.name), str(line)) for line in parse_metadata(body).requires)
