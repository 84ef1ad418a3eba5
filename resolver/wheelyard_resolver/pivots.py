"""Conflicts of two models by the project that they are about: who wants which releases of it.

Forty models that disagree over pandas make dozens of pairs, but one finding: these want an old pandas, those a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.demand import Demand
from wheelyard_resolver.explain import Route
from wheelyard_resolver.findings import Conflict
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.target import Target
from wheelyard_resolver.universe import Universe


class Member(NamedTuple):
    """A model by its key, and who owns it."""

    key: str
    owner: str | None


@dataclass(frozen=True)
class Want:
    """Models (sorted) that want the same of a pivot.

    ``through`` are the projects on the way, none for a line of their own; any of ``demands`` may be what the releases
    on the way ask for.
    """

    demands: tuple[Demand, ...]
    through: tuple[NormalizedName, ...]
    models: tuple[Member, ...]


@dataclass(frozen=True)
class Camp:
    """Wants that one release of the pivot suits: ``version``, the newest such.

    ``range`` is what they agree on, where a few clauses say it; else the releases from ``oldest`` to ``version`` are.
    """

    wants: tuple[Want, ...]
    range: SpecifierSet | None
    oldest: Version
    version: Version

    @property
    def models(self) -> tuple[str, ...]:
        """The keys of the camp's models, sorted."""
        return tuple(sorted({model.key for want in self.wants for model in want.models}))


@dataclass(frozen=True)
class Pivot:
    """A project over which pairs of models conflict on a target, and the camps: as few as there can be.

    ``conflicts`` name one model of those with the same requirement lines; ``pairs`` counts them all.
    """

    project: NormalizedName
    target: Target
    camps: tuple[Camp, ...]
    conflicts: tuple[Conflict, ...]
    pairs: int


def find_pivots(
    universe: Universe, conflicts: Iterable[Conflict], alike: Sequence[Sequence[ModelPackage]]
) -> tuple[Pivot, ...]:
    """The pivots of conflicts on one target, that of most pairs first.

    ``alike`` are the models of the target, those with the same requirement lines together. Conflicts that are no
    pair, have no one pivot, or one of which no release would do, belong to none.
    """
    by_project: dict[NormalizedName, list[Conflict]] = {}
    for conflict in conflicts:
        found = conflict.explanation
        pair = len(conflict.models) == len(found.routes) == 2
        if found.pivot is not None and pair and all(_admitted(universe, route.demands) for route in found.routes):
            by_project.setdefault(found.pivot, []).append(conflict)
    twins = {model.key: tuple(Member(twin.key, twin.owner) for twin in same) for same in alike for model in same}
    pivots = [_pivot(universe, project, found, twins) for project, found in by_project.items()]
    return tuple(sorted(pivots, key=lambda pivot: (-pivot.pairs, pivot.project)))


def _pivot(
    universe: Universe, project: NormalizedName, conflicts: Sequence[Conflict], twins: dict[str, tuple[Member, ...]]
) -> Pivot:
    models: dict[tuple[tuple[Demand, ...], tuple[NormalizedName, ...]], set[Member]] = {}
    pairs = 0
    for conflict in conflicts:
        one, other = (twins[model] for model in conflict.models)
        pairs += len(one) * len(other)
        for route in conflict.explanation.routes:
            assert route.line.model is not None, "a pair's lines are its models'"
            models.setdefault(_wanted(route), set()).update(twins[route.line.model])
    wants = [Want(demands, through, tuple(sorted(keys))) for (demands, through), keys in models.items()]
    return Pivot(project, universe.target, _camps(universe, project, wants), tuple(conflicts), pairs)


def _wanted(route: Route) -> tuple[tuple[Demand, ...], tuple[NormalizedName, ...]]:
    return tuple(sorted(route.demands, key=str)), route.projects[:-1]


def _camps(universe: Universe, project: NormalizedName, wants: Iterable[Want]) -> tuple[Camp, ...]:
    """Each want joins the camp of the oldest release that must be there: the fewest camps, for ranges without holes."""
    versions = universe.candidates(project).versions
    admitted = {want: _admitted(universe, want.demands) for want in wants}
    left = sorted(admitted, key=lambda want: (max(admitted[want]), min(admitted[want]), str(want.demands), want.models))
    camps = []
    while left:
        release = max(admitted[left[0]])
        members = [want for want in left if release in admitted[want]]
        left = [want for want in left if want not in members]
        oldest = min(set.intersection(*(admitted[want] for want in members)))
        camps.append(Camp(tuple(members), _agreed(members), versions[oldest], versions[release]))
    return tuple(camps)


def _admitted(universe: Universe, demands: Iterable[Demand]) -> set[int]:
    return {place for demand in demands for place in universe.positions(demand)}


def _agreed(wants: Sequence[Want]) -> SpecifierSet | None:
    """The range that all wants admit, if it is one lower bound and one upper bound at most, or a range of one want."""
    if any(len(want.demands) > 1 or want.demands[0].url for want in wants):
        return None
    specifiers = {SpecifierSet(want.demands[0].specifier) for want in wants}
    if len(specifiers) == 1:
        return specifiers.pop()
    clauses = [clause for specifier in specifiers for clause in specifier]
    lower = [clause for clause in clauses if clause.operator in (">=", ">")]
    upper = [clause for clause in clauses if clause.operator in ("<=", "<")]
    if len(lower) + len(upper) < len(clauses):
        return None
    tightest = [max(lower, key=_strictness)] if lower else []
    tightest += [min(upper, key=_looseness)] if upper else []
    return SpecifierSet(",".join(map(str, tightest)))


def _strictness(clause: Specifier) -> tuple[Version, bool]:
    return Version(clause.version), clause.operator == ">"


def _looseness(clause: Specifier) -> tuple[Version, bool]:
    return Version(clause.version), clause.operator == "<="
