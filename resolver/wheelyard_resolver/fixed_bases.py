"""Bases that cannot change: platform runtimes with a pinned list of packages.

What such a base has is given, so no solver is needed: a model fits if each of its requirement lines names a project
that is in the list, at a version that the line admits. What a line's extras bring is not looked into, nor whether the
list agrees with itself: the runtime is as its maker ships it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.core_metadata import holds
from wheelyard_resolver.model import AcceptedBase, Fleet, ModelPackage, RequirementLine


@dataclass(frozen=True)
class Misfit:
    """A requirement line that a fixed base does not meet, and the version that it has; None: it lacks the project."""

    line: RequirementLine
    found: Version | None

    def __str__(self) -> str:
        has = "does not have it" if self.found is None else f"has {self.found}"
        return f"{self.line.model} requires {self.line.text}, the base {has}"


@dataclass(frozen=True)
class FixedPlacement:
    """A fixed base: its models, what of their lines it does not meet, and the other models that it could host."""

    base: str
    models: tuple[str, ...]
    misfits: tuple[Misfit, ...]
    could_host: tuple[str, ...]


def misfits(model: ModelPackage, base: AcceptedBase) -> tuple[Misfit, ...]:
    """Every line of a model that a fixed base does not meet."""
    pinned: Mapping[NormalizedName, Version] = dict(base.versions)
    return tuple(
        Misfit(line, pinned.get(line.project))
        for line in model.lines
        if holds(line.requirement.marker, model.target) and not _met(line, pinned.get(line.project))
    )


def _met(line: RequirementLine, version: Version | None) -> bool:
    return version is not None and line.requirement.specifier.contains(version, prereleases=True)


def placements(fleet: Fleet) -> tuple[FixedPlacement, ...]:
    """The fixed bases of a fleet with their models."""
    fixed = [base for base in fleet.bases if base.fixed]
    settled = {key for base in fixed for key in base.models}
    return tuple(
        FixedPlacement(
            base=base.name,
            models=base.models,
            misfits=tuple(miss for model in fleet.models if model.key in base.models for miss in misfits(model, base)),
            could_host=tuple(
                sorted(model.key for model in fleet.models if model.key not in settled and not misfits(model, base))
            ),
        )
        for base in fixed
    )
