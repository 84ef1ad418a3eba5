"""Why a conflict is one: the lines, the chains of releases that hang on them, and the project where they meet.

Nothing is guessed: the demands told are a minimal set that suffices for the conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.candidates import why_refused
from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.facts import (
    AllRefused,
    DependLikewise,
    Depends,
    Fact,
    NoneFitsAll,
    NoProject,
    NoRelease,
    NotAWheel,
    Required,
    Unusable,
)
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.reasons import minimal_edges
from wheelyard_resolver.target import Target
from wheelyard_resolver.verdict import Engine, MinimalConflict

_TOLD = 4
"""Ranges of one project's releases, or reasons against them, that are told one by one."""

_EMPTY_TOLD = 2
"""Demands for releases of one project that cannot be had, that are told."""


@dataclass(frozen=True)
class Route:
    """How a line reaches the pivot of its conflict.

    ``projects`` lead from the line's own to the pivot, both included; ``demands`` are what is demanded of the pivot
    at the end: one for each range of releases on the way that demands something else.
    """

    line: RequirementLine
    projects: tuple[NormalizedName, ...]
    demands: tuple[Demand, ...]


@dataclass(frozen=True)
class Explanation:
    """Facts that together make it unavoidable that ``models`` cannot be installed together on ``target``.

    For one model: that it cannot be installed at all. ``pivot`` is the one project where all chains meet, if there
    is one; ``routes`` are then the ways there, one for each line, or empty if the chains branch.
    """

    target: Target
    models: tuple[str, ...]
    facts: tuple[Fact, ...]
    pivot: NormalizedName | None = None
    routes: tuple[Route, ...] = ()


def explain(engine: Engine, conflict: MinimalConflict) -> Explanation:
    """Why the models of a conflict cannot be installed together (or, for one model, at all)."""
    chains = _Chains(engine, conflict.lines)
    facts = tuple(chains.facts())
    pivot = chains.pivot()
    routes = chains.routes(pivot) if pivot is not None else ()
    return Explanation(engine.target, conflict.models, facts, pivot, routes)


class _Chains:
    """The demands that a conflict rests on, from its lines down, by the project that they are about."""

    def __init__(self, engine: Engine, lines: Sequence[RequirementLine]) -> None:
        self._engine = engine
        self._universe = engine.universe
        self._lines = lines
        self._edges = sorted(minimal_edges(engine, lines), key=lambda edge: (edge.project, edge.position))
        self._demands: dict[NormalizedName, list[Demand]] = {}
        self._given: dict[NormalizedName, list[Demand]] = {}
        for line in lines:
            self._demands.setdefault(line.project, []).append(line.demand)
        self._extras = self._extras_asked()

    def _extras_asked(self) -> dict[NormalizedName, set[NormalizedName]]:
        """The extras that something on the way asks for, by project: known before the first chain is told."""
        asked: dict[NormalizedName, set[NormalizedName]] = {}
        queue = [line.demand for line in self._lines]
        told: set[NormalizedName] = set()
        for demand in queue:  # grows while it is walked
            known = asked.setdefault(demand.project, set())
            if demand.project in told and demand.extras <= known:
                continue
            told.add(demand.project)
            known |= demand.extras
            for _, demands in self._dependencies(demand.project, known).values():
                queue += demands
        return asked

    def facts(self) -> Iterator[Fact]:
        """Each line, followed by the chain that hangs on it; then what is left of the projects where chains end."""
        for line in self._lines:
            yield Required(line)
            yield from self._below(line.project)
        for project, demands in self._demands.items():
            if not _admitted(self._engine, demands):
                yield from _nothing_left(self._engine, project, tuple(dict.fromkeys(demands)))

    def _below(self, project: NormalizedName) -> Iterator[Fact]:
        """Facts about a project and what it leads to, each project once."""
        if project in self._given:
            return
        found = self._dependencies(project, self._extras.get(project, ()))
        led_to = list(dict.fromkeys(demand for _, demands in found.values() for demand in demands))
        self._given[project] = led_to
        for demand in led_to:
            self._demands.setdefault(demand.project, []).append(demand)
        yield from self._told(project, found)
        for demand in led_to:
            yield from self._below(demand.project)

    def _dependencies(
        self, project: NormalizedName, asked: Iterable[NormalizedName]
    ) -> dict[int, tuple[set[NormalizedName], tuple[Demand, ...]]]:
        """Per release that matters, by position: the demands of it that do, and the extras that they come with."""
        found: dict[int, tuple[set[NormalizedName], tuple[Demand, ...]]] = {}
        for edge in self._edges:
            if edge.project != project:
                continue
            extras, demands = found.get(edge.position, (set(), ()))
            plain = self._universe.dependencies(Unit(project, edge.position)) or ()
            matter = [demand for demand in plain if demand.project == edge.other]
            for extra in sorted(asked):
                more = self._universe.dependencies(Unit(project, edge.position, extra)) or ()
                new = [demand for demand in more if demand.project == edge.other and demand not in matter]
                extras = extras | {extra} if new else extras
                matter += new
            found[edge.position] = (extras, (*demands, *matter))
        return found

    def _told(
        self, project: NormalizedName, found: dict[int, tuple[set[NormalizedName], tuple[Demand, ...]]]
    ) -> Iterator[Fact]:
        """One fact for all releases that demand the same, the oldest first."""
        usable = self._universe.candidates(project).usable
        alike: dict[tuple[tuple[NormalizedName, ...], tuple[Demand, ...], str | None], list[int]] = {}
        for position, (extras, demands) in found.items():
            flaw = self._universe.flaw(Unit(project, position))
            alike.setdefault((tuple(sorted(extras)), demands, flaw), []).append(position)
        every = set(_admitted(self._engine, self._demands[project])) <= found.keys()
        kinds = list(alike.items())
        shown, rest = (kinds, []) if len(kinds) <= _TOLD else (kinds[: _TOLD - 1], kinds[_TOLD - 1 :])
        for (extras_asked, demands, flaw), positions in shown:
            versions = tuple(usable[position].version for position in positions)
            if flaw is not None:
                yield Unusable(project, versions, flaw)
            else:
                yield Depends(project, extras_asked, versions, demands, every=every and len(kinds) == 1)
        if rest:
            versions = tuple(usable[position].version for _, positions in rest for position in sorted(positions))
            others = sorted({demand.project for (_, demands, _), _ in rest for demand in demands})
            yield DependLikewise(project, tuple(sorted(versions)), tuple(others))

    def pivot(self) -> NormalizedName | None:
        """The one project that all chains end at; None if they end at several."""
        ends = [project for project in self._demands if not self._given.get(project)]
        return ends[0] if len(ends) == 1 and not any(edge.other is None for edge in self._edges) else None

    def routes(self, pivot: NormalizedName) -> tuple[Route, ...]:
        """The way from each line to the pivot; none at all if one of them branches."""
        found = []
        for line in self._lines:
            projects, demands = [line.project], [line.demand]
            while projects[-1] != pivot:
                demands = self._given[projects[-1]]
                led_to = {demand.project for demand in demands}
                if len(led_to) != 1 or led_to <= set(projects):
                    return ()
                projects += led_to
            found.append(Route(line, tuple(projects), tuple(demands)))
        return tuple(found)


def _admitted(engine: Engine, demands: Iterable[Demand]) -> list[int]:
    return sorted(set.intersection(*(set(engine.universe.positions(demand)) for demand in demands)))


def _nothing_left(engine: Engine, project: NormalizedName, demands: tuple[Demand, ...]) -> Iterator[Fact]:
    """Why no candidate of a project satisfies these demands: no such project, no such release, or none of use."""
    listed = engine.universe.candidates(project)
    each = {demand: set(engine.universe.positions(demand)) for demand in demands}
    empty = [demand for demand in demands if not each[demand]]
    if not listed.exists and not listed.versions and not any(demand.url for demand in demands):
        yield NoProject(project)
    elif empty:
        newest = listed.versions[-1] if listed.versions else None
        for demand in empty[:_EMPTY_TOLD]:
            yield _none_usable(engine, demand, newest)
    elif len(demands) > 1 and all(one & other for one, other in combinations(each.values(), 2)):
        yield NoneFitsAll(project, demands)  # two ranges that share no release speak for themselves


def _none_usable(engine: Engine, demand: Demand, newest: Version | None) -> Fact:
    if demand.url is not None:
        return NotAWheel(demand, engine.target)
    page = engine.universe.page(demand.project)
    specifier = SpecifierSet(demand.specifier)
    refused = why_refused(page, specifier, engine.target, engine.universe.policy) if page is not None else ()
    return AllRefused(demand, refused) if refused else NoRelease(demand, newest)
