"""The deployed fleet of a stage: for a check, in the shape of a fleet file, and deployments one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import Requirement
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_registry.catalogue.audit import time_text
from wheelyard_registry.catalogue.bases import AcceptedBase, Bases
from wheelyard_registry.catalogue.deployments import Choice, Deployment, Deployments
from wheelyard_registry.catalogue.stages import Stages
from wheelyard_registry.locked_packages import LockedPackage
from wheelyard_resolver import model as accepted
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.requirement_lines import WrittenRequirement, applicable, lines_of_model
from wheelyard_resolver.stated_fleet import ModelEntry, StatedFleet
from wheelyard_resolver.target import Target

DEFAULT_PYTHON = "3.11"
DEFAULT_PLATFORM = "manylinux_2_28_x86_64"


@dataclass(frozen=True, slots=True)
class DeployedFleet:
    """What runs in a stage, by name and slot, on which accepted bases, and what their locks pin."""

    name: str
    stage: str
    python: str
    platform: str
    max_bases: int | None
    running: tuple[Deployment, ...]
    bases: tuple[tuple[AcceptedBase, tuple[LockedPackage, ...]], ...]

    def hosting(self) -> Iterator[tuple[str, list[str], tuple[LockedPackage, ...]]]:
        """The bases by name, each with those of its models that run, and its packages; none that has no such model."""
        keys = {deployment.key for deployment in self.running}
        for base, packages in self.bases:
            models = [key for key in base.models if key in keys]
            if models:
                yield base.name, models, packages


class DeployedFleets:
    """Reads the fleets of stages."""

    def __init__(self, deployments: Deployments, bases: Bases, stages: Stages) -> None:
        self._deployments = deployments
        self._bases = bases
        self._stages = stages

    def of(
        self,
        stage: str,
        *,
        at: dt.datetime | None = None,
        name: str | None = None,
        python: str | None = None,
        platform: str | None = None,
    ) -> DeployedFleet:
        """The fleet of a stage, now or at a time. What is not given is what is configured for the stage."""
        standing = self._bases.accepted(stage, at)
        configured = self._stages.named(stage)
        running = self._deployments.running(Choice(stage), at=at)
        return DeployedFleet(
            name=name or stage,
            stage=stage,
            python=python or (configured.python if configured else DEFAULT_PYTHON),
            platform=platform or (configured.platform if configured else DEFAULT_PLATFORM),
            max_bases=configured.max_bases if configured else None,
            running=tuple(sorted(running, key=lambda deployment: (deployment.model, deployment.slot))),
            bases=tuple((base, self._bases.packages(base.lock)) for base in (standing.bases if standing else ())),
        )


# -- in the resolver's words ----------------------------------------------------------------------------------------


def stated_fleet(fleet: DeployedFleet) -> StatedFleet:
    """The fleet as a check takes it.

    Raises:
        InputError: its target is none.
    """
    target = Target.parse(fleet.python, fleet.platform)
    return StatedFleet(
        name=fleet.name,
        stage=fleet.stage,
        target=target,
        models=tuple(_entry(deployment, target) for deployment in fleet.running),
        bases=tuple(_base(name, models, packages) for name, models, packages in fleet.hosting()),
        max_bases=fleet.max_bases,
    )


def spare_base(fleet: DeployedFleet, name: str) -> accepted.AcceptedBase | None:
    """An accepted base of which no model runs; None if there is no such base."""
    if name in {hosting for hosting, _, _ in fleet.hosting()}:
        return None
    return next((_base(name, (), packages) for base, packages in fleet.bases if base.name == name), None)


def _base(name: str, models: Iterable[str], packages: Sequence[LockedPackage]) -> accepted.AcceptedBase:
    return accepted.AcceptedBase(name, tuple(models), None, _pins(packages))


def _entry(deployment: Deployment, target: Target) -> ModelEntry:
    where = f"{deployment.key} {deployment.version} in {deployment.stage}"
    version, slot, owner = Version(deployment.version), deployment.slot, deployment.owner
    bare = ModelPackage(deployment.model, version, target, (), slot, owner)
    if deployment.requires is None:
        return ModelEntry(bare, where, Requirement(f"{deployment.model}=={deployment.version}"))
    kept = applicable([WrittenRequirement(Requirement(text)) for text in deployment.requires], target)
    return ModelEntry(replace(bare, lines=lines_of_model(kept, model=bare.key, owner=owner)), where)


def _pins(packages: Sequence[LockedPackage]) -> tuple[tuple[NormalizedName, Version], ...]:
    return tuple((package.name, package.version) for package in packages if package.version is not None)


# -- as documents ---------------------------------------------------------------------------------------------------


def fleet_document(fleet: DeployedFleet) -> dict[str, object]:
    """The fleet in the shape of a fleet file."""
    limit = {} if fleet.max_bases is None else {"max-bases": fleet.max_bases}
    target = {"python": fleet.python, "platform": fleet.platform}
    document: dict[str, object] = {
        "fleet": {"name": fleet.name, "stage": fleet.stage, **limit, "target": target},
        "model": [_model(deployment) for deployment in fleet.running],
    }
    bases = [
        {"name": name, "models": models, "packages": [f"{project}=={version}" for project, version in _pins(packages)]}
        for name, models, packages in fleet.hosting()
    ]
    return {**document, "base": bases} if bases else document


def _model(deployment: Deployment) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": deployment.model,
        "version": deployment.version,
        "slot": deployment.slot,
    }
    if deployment.requires is None:
        entry["package"] = f"{deployment.model}=={deployment.version}"
    else:
        entry["requires"] = list(deployment.requires)
    if deployment.owner is not None:
        entry["owner"] = deployment.owner
    return entry


def deployment_document(deployment: Deployment) -> dict[str, object]:
    """A deployment as the API shows it."""
    return {
        "serial": deployment.serial,
        "model": deployment.model,
        "version": deployment.version,
        "stage": deployment.stage,
        "slot": deployment.slot,
        "owner": deployment.owner,
        "base": deployment.base,
        "lock": deployment.lock,
        "image": deployment.image,
        "commit": deployment.commit,
        "data_version": deployment.data_version,
        "retired": deployment.retired,
        "warnings": list(deployment.warnings),
        "requires": None if deployment.requires is None else list(deployment.requires),
        "since": time_text(deployment.since),
        "deployed_by": deployment.deployed_by,
        "recorded_at": time_text(deployment.recorded_at),
        "recorded_by": deployment.recorded_by,
    }
