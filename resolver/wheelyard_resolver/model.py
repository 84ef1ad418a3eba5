"""The values everything else speaks of: requirement lines, model packages, the fleet and its policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.demand import Demand, written
from wheelyard_resolver.page import DistributionFile
from wheelyard_resolver.target import Target

DEFAULT_SLOT = "default"


@dataclass(frozen=True)
class RequirementLine:
    """One requirement as its owner wrote it: the unit in which conflicts are explained.

    ``model`` is the key of the model it belongs to, or None for a constraint of the whole fleet.
    ``origin`` is ``file:line`` where known; ``reason`` is what a constraint's author gave. An ``observed`` line is not
    in the model's metadata: it was seen to be needed.
    """

    requirement: Requirement
    model: str | None
    owner: str | None = None
    origin: str | None = None
    reason: str | None = None
    observed: bool = False

    @cached_property
    def demand(self) -> Demand:
        """What it demands where its marker holds."""
        return Demand.of(self.requirement)

    @property
    def project(self) -> NormalizedName:
        """The normalised name of the required project."""
        return self.demand.project

    @property
    def text(self) -> str:
        """The requirement as people write it, without its marker."""
        return written(self.requirement.name, self.requirement.extras, self.requirement.specifier, self.requirement.url)


@dataclass(frozen=True)
class ModelPackage:
    """A model and the requirement lines that its base must satisfy. The model itself is not part of its base.

    ``wheel`` is the file that installs the model on its target, where an index has one; ``index`` is that index's URL.
    ``released`` are the extras asked of it where its lines are those of a release in the index, else None.
    """

    name: NormalizedName
    version: Version
    target: Target
    lines: tuple[RequirementLine, ...]
    slot: str = DEFAULT_SLOT
    owner: str | None = None
    requires_python: SpecifierSet | None = None
    wheel: DistributionFile | None = None
    index: str | None = None
    released: frozenset[NormalizedName] | None = None

    @property
    def key(self) -> str:
        """What identifies it in a fleet: ``name``, or ``name@slot`` outside the default slot."""
        return self.name if self.slot == DEFAULT_SLOT else f"{self.name}@{self.slot}"


@dataclass(frozen=True)
class CandidatePolicy:
    """Which files of an index may be candidates at all. Nothing else admits a pre-release or a yanked file.

    ``exclude_newer`` is strict: only files uploaded earlier, and none without an upload time.
    """

    pre_releases: frozenset[NormalizedName] = frozenset()
    yanked: frozenset[NormalizedName] = frozenset()
    exclude_newer: dt.datetime | None = None


@dataclass(frozen=True)
class AcceptedBase:
    """A base as it stands today: its name, its models' keys, and the versions of its lock.

    A ``fixed`` base is never locked again: models are held against its versions, and it is not planned.
    ``revision`` and ``snapshot`` are those of the proposal that it was accepted from, where known.
    """

    name: str
    models: tuple[str, ...]
    lock: str | None = None
    versions: tuple[tuple[NormalizedName, Version], ...] = ()
    revision: str | None = None
    snapshot: str | None = None
    fixed: bool = False


@dataclass(frozen=True)
class Fleet:
    """The models of a stage, the policy they share, and what is accepted today."""

    name: str
    stage: str
    target: Target
    models: tuple[ModelPackage, ...]
    constraints: tuple[RequirementLine, ...] = ()
    policy: CandidatePolicy = CandidatePolicy()
    bases: tuple[AcceptedBase, ...] = ()
    max_bases: int | None = None

    def model(self, key: str) -> ModelPackage | None:
        """The model of that key."""
        return next((model for model in self.models if model.key == key), None)

    def planned(self) -> Fleet:
        """The fleet without its fixed bases and the models on them: what bases are planned for."""
        settled = {key for base in self.bases if base.fixed for key in base.models}
        return replace(
            self,
            models=tuple(model for model in self.models if model.key not in settled),
            bases=tuple(base for base in self.bases if not base.fixed),
        )

    def targets(self) -> tuple[Target, ...]:
        """The distinct targets, the fleet's own first: models of different targets never share a base."""
        own = [self.target] if any(model.target == self.target for model in self.models) else []
        others = {model.target for model in self.models} - {self.target}
        return (*own, *sorted(others, key=str))


def lines_of(models: Iterable[ModelPackage]) -> tuple[RequirementLine, ...]:
    """The requirement lines of several models, in order."""
    return tuple(line for model in models for line in model.lines)
