"""A conflict in words: whose lines, and what the releases between them demand.

The chain is found, not guessed: the demands named are a minimal set that suffices for the conflict. Every hint is
tried before it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from wheelyard_resolver.candidates import why_refused
from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.model import ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.reasons import minimal_edges
from wheelyard_resolver.universe import Universe
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

_MANY = 4  # facts of one kind that are told one by one


@dataclass(frozen=True)
class Explanation:
    """Facts that together make the conclusion unavoidable, and tried ways out."""

    facts: tuple[str, ...]
    conclusion: str
    hints: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"Because {_joined(self.facts)}, {self.conclusion}."


def explain(engine: Engine, conflict: MinimalConflict, company: Sequence[ModelPackage] = ()) -> Explanation:
    """Why the models of a conflict cannot be installed together (or, for one model, at all).

    ``company`` are models, those of the conflict among them, that are to be installed together: every hint is
    tried on all of them. Without it no hints are looked for.
    """
    facts = _facts(engine, conflict.lines)
    if len(conflict.models) == 1:
        conclusion = f"{conflict.models[0]} cannot be installed on {engine.target}"
    else:
        conclusion = f"{_joined(conflict.models)} cannot be installed together"
    return Explanation(facts, conclusion, _hints(engine, conflict, company) if company else ())


def _line_fact(line: RequirementLine) -> str:
    if line.model is None:
        return f"the fleet is constrained to {line.text}" + (f" ({line.reason})" if line.reason else "")
    owner = f" (owner: {line.owner})" if line.owner else ""
    return f"{line.model}{owner} requires {line.text}"


def _joined(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


# -- the chain ----------------------------------------------------------------------------------------------


def _facts(engine: Engine, lines: Sequence[RequirementLine]) -> tuple[str, ...]:
    """Each line, followed by the chain that hangs on it; then what is left of the projects where chains meet."""
    demands = _Chain(engine, lines)
    facts: list[str] = []
    for line in lines:
        facts += [_line_fact(line), *demands.dependencies_from(line.project)]
    return (*facts, *demands.nothing_left())


class _Chain:
    """What the releases between the lines of a conflict demand, one fact per project."""

    def __init__(self, engine: Engine, lines: Sequence[RequirementLine]) -> None:
        self._engine = engine
        self._universe = engine.universe
        self._edges = minimal_edges(engine, lines)
        self._demands: dict[NormalizedName, list[Demand]] = {}
        self._told: set[NormalizedName] = set()
        for line in lines:
            self._demands.setdefault(line.project, []).append(line.demand)

    def dependencies_from(self, project: NormalizedName) -> list[str]:
        """Facts about a project and what it leads to, from there down; each project once."""
        if project in self._told:
            return []
        self._told.add(project)
        demanded = self._demanded(project)
        facts = self._dependency_facts(project, demanded)
        led_to = list(dict.fromkeys(demand for demands in demanded.values() for demand in demands))
        for demand in led_to:
            self._demands.setdefault(demand.project, []).append(demand)
        for demand in led_to:
            facts += self.dependencies_from(demand.project)
        return facts

    def _demanded(self, project: NormalizedName) -> dict[int, tuple[Demand, ...]]:
        """Per release that matters, by position: its demands that do."""
        extras = sorted({extra for demand in self._demands[project] for extra in demand.extras})
        edges = sorted((edge for edge in self._edges if edge.project == project), key=lambda edge: edge.position)
        found: dict[int, tuple[Demand, ...]] = {}
        for edge in edges:
            units = [Unit(project, edge.position, extra) for extra in (None, *extras)]
            demands = [demand for unit in units for demand in self._universe.dependencies(unit) or ()]
            matter = [demand for demand in demands if demand.project == edge.other]
            found[edge.position] = (*found.get(edge.position, ()), *matter)
        return found

    def _dependency_facts(self, project: NormalizedName, demanded: dict[int, tuple[Demand, ...]]) -> list[str]:
        """One fact for all releases that demand the same, the oldest first."""
        universe = self._universe
        alike: dict[str, list[int]] = {}
        for position, demands in demanded.items():
            flaw = universe.flaw(Unit(project, position))
            text = f"cannot be used ({flaw})" if flaw else " and ".join(str(demand) for demand in demands)
            alike.setdefault(text, []).append(position)
        facts = []
        for text, positions in alike.items():
            which = _versions([universe.candidates(project).usable[position].version for position in positions])
            verb = "" if text.startswith("cannot") else "depends on " if len(positions) == 1 else "depend on "
            facts.append(f"{project} {which} {verb}{text}")
        if len(facts) > _MANY:
            facts[_MANY:] = [f"{len(facts) - _MANY} other ranges of {project} do not fit either"]
        return facts

    def nothing_left(self) -> list[str]:
        """Facts about projects of which the demands together leave no release."""
        return [
            fact
            for project, demands in self._demands.items()
            if not _admitted(self._universe, demands)
            for fact in _nothing_left(self._engine, project, demands)
        ]


def _admitted(universe: Universe, demands: Iterable[Demand]) -> list[int]:
    return sorted(set.intersection(*(set(universe.positions(demand)) for demand in demands)))


def _versions(versions: Sequence[Version]) -> str:
    if len(versions) == 1:
        return str(versions[0])
    return f"{min(versions)} to {max(versions)} ({len(versions)} releases)"


def _nothing_left(engine: Engine, project: NormalizedName, demands: Sequence[Demand]) -> list[str]:
    """Why no candidate of a project satisfies these demands: no such project, no such release, or none of use."""
    listed = engine.universe.candidates(project)
    if not listed.exists:
        return [f"the index has no project {project}"]
    each = [set(engine.universe.positions(demand)) for demand in demands]
    texts = list(dict.fromkeys(str(demand) for demand in demands))
    if all(each) and len(texts) > 1:
        if any(not one & other for one, other in combinations(each, 2)):
            return []  # two disjoint ranges speak for themselves
        return [f"no release of {project} satisfies all of {_joined(texts)}"]
    specifier = SpecifierSet(",".join(demand.specifier for demand in demands if demand.specifier))
    page = engine.universe.page(project)
    refused = why_refused(page, specifier, engine.target, engine.universe.policy) if page is not None else ()
    if not refused:
        newest = f"; the newest usable one is {listed.usable[-1].version}" if listed.usable else ""
        return [f"the index has no release of {project} that satisfies {specifier or 'it'}{newest}"]
    told = [f"{_versions(versions)} {_plural(reason, len(versions))}" for reason, versions in refused[:_MANY]]
    return [f"no release of {project} admitted by {_joined(texts)} can be used ({'; '.join(told)})"]


def _plural(reason: str, count: int) -> str:
    if count == 1:
        return reason
    for singular, plural in (("has ", "have "), ("is ", "are "), ("was ", "were "), ("requires ", "require ")):
        if reason.startswith(singular):
            return plural + reason[len(singular) :].replace("a pre-release", "pre-releases")
    return reason


# -- hints --------------------------------------------------------------------------------------------------


def _hints(engine: Engine, conflict: MinimalConflict, company: Sequence[ModelPackage]) -> tuple[str, ...]:
    """For each line: a release that it would have to admit to be a way out on its own, tried on all."""
    hints = []
    for line in conflict.lines:
        version = _way_out(engine, line, company) if line.model is not None else None
        if version is not None:
            hints.append(f"let {line.model} admit {line.project} {version} (it requires {line.text})")
    return tuple(hints)


def _way_out(engine: Engine, line: RequirementLine, company: Sequence[ModelPackage]) -> Version | None:
    """The newest release above the line's range with which all can be installed, else the newest below it."""
    demand = line.demand
    usable = engine.universe.candidates(demand.project).usable
    admitted = engine.universe.positions(demand)
    if demand.url is not None or not admitted:
        return None
    bare = Requirement(str(line.requirement))
    bare.specifier = SpecifierSet()
    free = replace(line, requirement=bare)
    lines = [*(free if other is line else other for other in lines_of(company)), *engine.constraints]
    for first, last in ((admitted[-1] + 1, len(usable) - 1), (0, admitted[0] - 1)):
        found = _newest_within(engine, lines, demand.project, first, last)
        if found is not None:
            return usable[found].version
    return None


def _newest_within(
    engine: Engine, lines: Sequence[RequirementLine], project: NormalizedName, first: int, last: int
) -> int | None:
    newest: int | None = None
    while first <= last:
        answer = engine.solve(lines, [(project, first, last)])
        if not isinstance(answer, Solution):
            break
        newest = answer.positions[project]
        first = newest + 1
    return newest
