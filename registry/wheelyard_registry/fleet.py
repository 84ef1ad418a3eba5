"""The deployed fleet as documents: a stage in the shape of a fleet file, and single deployments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wheelyard_registry.catalogue.audit import time_text
from wheelyard_registry.catalogue.bases import AcceptedBase
from wheelyard_registry.catalogue.deployments import Deployment
from wheelyard_registry.locked_packages import LockedPackage

DEFAULT_PYTHON = "3.11"
DEFAULT_PLATFORM = "manylinux_2_28_x86_64"


def fleet_document(
    stage: str,
    running: Iterable[Deployment],
    bases: Mapping[AcceptedBase, Sequence[LockedPackage]],
    *,
    name: str | None,
    python: str,
    platform: str,
    max_bases: int | None,
) -> dict[str, object]:
    """The fleet of a stage, in the shape of a fleet file, its models by name and slot.

    A base is named with those of its models that run, and with what its lock pins; without any it is left out.
    """
    models = sorted(running, key=lambda deployment: (deployment.model, deployment.slot))
    limit = {} if max_bases is None else {"max-bases": max_bases}
    target = {"python": python, "platform": platform}
    document: dict[str, object] = {
        "fleet": {"name": name or stage, "stage": stage, **limit, "target": target},
        "model": [_model(deployment) for deployment in models],
    }
    keys = {deployment.key for deployment in models}
    hosting = [(base, [key for key in base.models if key in keys], bases[base]) for base in bases]
    found = [_base(base, hosted, packages) for base, hosted, packages in hosting if hosted]
    return {**document, "base": found} if found else document


def _base(base: AcceptedBase, models: list[str], packages: Sequence[LockedPackage]) -> dict[str, object]:
    pins = [f"{package.name}=={package.version}" for package in packages if package.version is not None]
    return {"name": base.name, "models": models, "packages": pins}


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
