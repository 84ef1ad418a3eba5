"""What a conflict rests on, fact by fact. The sentences are made in :mod:`wheelyard_resolver.wording`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.demand import Demand
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.target import Target


@dataclass(frozen=True)
class Required:
    """A model, or the fleet's constraints, has this line."""

    line: RequirementLine


@dataclass(frozen=True)
class WrongPython:
    """A model's own Requires-Python refuses the target."""

    model: str
    requires_python: SpecifierSet
    target: Target


@dataclass(frozen=True)
class Depends:
    """Releases (ascending) that demand the same; ``every`` if no other release is admitted by those who ask.

    ``extras`` are those of the project's without which they would not.
    """

    project: NormalizedName
    extras: tuple[NormalizedName, ...]
    versions: tuple[Version, ...]
    demands: tuple[Demand, ...]
    every: bool


@dataclass(frozen=True)
class DependLikewise:
    """More releases of a project than are worth telling one by one: what they demand of others does not fit either."""

    project: NormalizedName
    versions: tuple[Version, ...]
    others: tuple[NormalizedName, ...]


@dataclass(frozen=True)
class Unusable:
    """Releases that cannot be installed whatever is asked of them."""

    project: NormalizedName
    versions: tuple[Version, ...]
    reason: str


@dataclass(frozen=True)
class NoneFitsAll:
    """Each of these demands admits releases of the project, all of them together none."""

    project: NormalizedName
    demands: tuple[Demand, ...]


@dataclass(frozen=True)
class NoProject:
    """The index does not know the project."""

    project: NormalizedName


@dataclass(frozen=True)
class NoRelease:
    """The index lists no such release; ``newest`` is the newest that could be used."""

    demand: Demand
    newest: Version | None


@dataclass(frozen=True)
class NotAWheel:
    """What a direct reference names is no wheel of the project for the target."""

    demand: Demand
    target: Target


@dataclass(frozen=True)
class AllRefused:
    """The index lists releases that are admitted, but none can be used: the reasons, and the releases of each."""

    demand: Demand
    reasons: tuple[tuple[str, tuple[Version, ...]], ...]


Fact: TypeAlias = (
    Required
    | WrongPython
    | Depends
    | DependLikewise
    | Unusable
    | NoneFitsAll
    | NoProject
    | NoRelease
    | NotAWheel
    | AllRefused
)
