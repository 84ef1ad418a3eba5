"""Does a model fit into an accepted base as it was built, without locking it anew?

A lock is closed: what its packages depend on is in it. So a model's own lines are held against its versions, and
beyond them only what their extras bring. A fixed base is taken as its maker ships it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.model import AcceptedBase, ModelPackage, RequirementLine
from wheelyard_resolver.verdict import Engine


@dataclass(frozen=True)
class Misfit:
    """A requirement line that a base does not meet, and the version that it has; None: it lacks the project."""

    line: RequirementLine
    found: Version | None

    def __str__(self) -> str:
        has = "does not have it" if self.found is None else f"has {self.found}"
        return f"{self.line.model} requires {self.line.text}, the base {has}"


@dataclass(frozen=True)
class ExtraMisfit:
    """What an extra of a line brings and a base does not meet, and the version that it has; None: it lacks it."""

    line: RequirementLine
    demand: Demand | None
    found: Version | None

    def __str__(self) -> str:
        if self.demand is None:
            return f"{self.line.model} requires {self.line.text}, whose extras cannot be looked up for {self.found}"
        has = "does not have it" if self.found is None else f"has {self.found}"
        return f"{self.line.model} requires {self.line.text}, whose extra requires {self.demand}, the base {has}"


def shortfalls(
    engine: Engine, model: ModelPackage, base: AcceptedBase, hosted: Sequence[ModelPackage] = ()
) -> tuple[Misfit | ExtraMisfit, ...]:
    """What a base lacks of the lines of a model; nothing where it fits as built.

    ``hosted`` are models that live in the base: a direct reference of theirs is in it, any other is taken not to be,
    for a lock's versions do not tell where they came from.

    Raises:
        Undecided: what an extra brings cannot be read.
    """
    pinned = dict(base.versions)
    references = {(line.project, line.requirement.url) for other in hosted for line in other.lines}
    found: list[Misfit | ExtraMisfit] = []
    for line in engine.applicable(model.lines):
        version = pinned.get(line.project)
        if not _met(line, version, references):
            found.append(Misfit(line, version))
        else:
            found += _of_extras(engine, line, pinned)
    return tuple(found)


def _met(line: RequirementLine, version: Version | None, references: set[tuple[NormalizedName, str | None]]) -> bool:
    if version is None:
        return False
    if line.requirement.url is not None:
        return (line.project, line.requirement.url) in references
    return line.requirement.specifier.contains(version, prereleases=True)


def _of_extras(
    engine: Engine, line: RequirementLine, pinned: Mapping[NormalizedName, Version]
) -> Iterator[ExtraMisfit]:
    queue = [(line.project, extra) for extra in sorted(line.demand.extras)]
    seen = set(queue)
    for project, extra in queue:  # grows while it is walked
        unit = unit_of(engine, project, pinned[project], extra)
        brought = None if unit is None else engine.universe.dependencies(unit)
        if brought is None:
            yield ExtraMisfit(line, None, pinned[project])
            continue
        for demand in brought:
            version = pinned.get(demand.project)
            if version is None or not SpecifierSet(demand.specifier).contains(version, prereleases=True):
                yield ExtraMisfit(line, demand, version)
                continue
            more = [(demand.project, name) for name in sorted(demand.extras)]
            queue += [item for item in more if item not in seen]
            seen.update(more)


def unit_of(
    engine: Engine, project: NormalizedName, version: Version, extra: NormalizedName | None = None
) -> Unit | None:
    """A release by its version; None if the index has no usable release of that version."""
    versions = engine.universe.candidates(project).versions
    place = next((place for place, found in enumerate(versions) if found == version), None)
    return None if place is None else Unit(project, place, extra)
