"""The fleet as a certificate states it: whatever a verdict depends on, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wheelyard_resolver.model import Fleet, ModelPackage
from wheelyard_resolver.target import Target


def to_document(fleet: Fleet) -> dict[str, object]:
    """The fleet as JSON-ready values, its models sorted by key."""
    limit = fleet.policy.exclude_newer
    return {
        "name": fleet.name,
        "stage": fleet.stage,
        "exclude_newer": None if limit is None else limit.isoformat(),
        "pre_releases": sorted(fleet.policy.pre_releases),
        "yanked": sorted(fleet.policy.yanked),
        "constraints": [str(line.requirement) for line in fleet.constraints],
        "models": [_model(model) for model in sorted(fleet.models, key=lambda model: model.key)],
    }


def target_document(target: Target) -> dict[str, object]:
    """A target as JSON-ready values."""
    return {"python": target.python, "platform": target.platform}


def _model(model: ModelPackage) -> dict[str, object]:
    return {
        "key": model.key,
        "version": str(model.version),
        "target": target_document(model.target),
        "requires_python": None if model.requires_python is None else str(model.requires_python),
        "requires": [str(line.requirement) for line in model.lines],
    }


def differences(stated: object, fleet: Fleet) -> tuple[str, ...]:
    """Where a certificate's fleet is not this one, in words."""
    return tuple(_differences(stated, to_document(fleet), "the certificate's fleet"))


def _differences(stated: object, wanted: object, name: str) -> Iterator[str]:
    if isinstance(stated, Mapping) and isinstance(wanted, Mapping):
        for key in sorted(stated.keys() | wanted.keys(), key=str):
            yield from _differences(stated.get(key), wanted.get(key), f"{name}, {key}")
    elif name.endswith(", models") and isinstance(stated, list) and isinstance(wanted, list):
        yield from _differences(_by_key(stated), _by_key(wanted), name)
    elif stated != wanted:
        yield f"{name}: it has {_shown(stated)}, the fleet {_shown(wanted)}"


def _by_key(models: list[object]) -> dict[object, object]:
    return {model.get("key") if isinstance(model, Mapping) else None: model for model in models}


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
