"""A conflict in words: whose lines, and what the releases between them demand.

The chain is found, not guessed: the projects named are a minimal set whose dependencies suffice for the
conflict. Every hint is tried before it is given.
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
from wheelyard_resolver.formula import Formula
from wheelyard_resolver.model import ModelPackage, RequirementLine
from wheelyard_resolver.universe import Demand, Unit
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

_MANY = 3  # alternatives named before "or another"


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
    chain = _Chain(engine, lines)
    facts: list[str] = []
    for line in lines:
        facts += [_line_fact(line), *chain.dependencies_from(line.project)]
    return (*facts, *chain.nothing_left())


class _Chain:
    """What the releases between the lines of a conflict demand, one fact per project."""

    def __init__(self, engine: Engine, lines: Sequence[RequirementLine]) -> None:
        self._engine = engine
        self._formula, self._projects = _conflicting_projects(engine, lines)
        self._demands: dict[NormalizedName, list[Demand]] = {}
        self._told: set[NormalizedName] = set()
        for line in lines:
            self._demands.setdefault(line.project, []).append(Demand.of(line.requirement))

    def dependencies_from(self, project: NormalizedName) -> list[str]:
        """Facts about a project and what it leads to, from there down; each project once."""
        admitted = _admitted(self._formula, self._demands[project])
        if project in self._told or project not in self._projects or not admitted:
            return []
        self._told.add(project)
        relevant = self._projects | set(self._demands)
        needs = _relevant_demands(self._formula, project, admitted, self._demands[project], relevant)
        facts = [_dependency_fact(self._formula, project, admitted, needs)]
        led_to = list(dict.fromkeys(demand for found in needs.values() for demand in found))
        for demand in led_to:
            self._demands.setdefault(demand.project, []).append(demand)
        for demand in led_to:
            facts += self.dependencies_from(demand.project)
        return facts

    def nothing_left(self) -> list[str]:
        """Facts about projects of which the demands together leave no release."""
        return [
            fact
            for project, demands in self._demands.items()
            if not _admitted(self._formula, demands)
            for fact in _nothing_left(self._engine, project, demands)
        ]


def _conflicting_projects(engine: Engine, lines: Sequence[RequirementLine]) -> tuple[Formula, set[NormalizedName]]:
    """A formula in which the lines conflict, and a minimal set of projects whose dependencies that takes."""
    guarded = engine.guarded()
    answer = guarded.solve(lines)
    assert not isinstance(answer, Solution), "these lines conflict"
    literals = [guarded.literal(line) for line in lines]
    needed = dict(guarded.formula.guards)
    for project in sorted(needed):
        rest = {other: guard for other, guard in needed.items() if other != project}
        if not guarded.formula.sat.solve([*literals, *rest.values()]):
            core = guarded.formula.sat.core()
            needed = {other: guard for other, guard in rest.items() if guard in core}
            if project in needed:
                del needed[project]
    return guarded.formula, set(needed)


def _admitted(formula: Formula, demands: Iterable[Demand]) -> list[int]:
    return sorted(set.intersection(*(set(formula.universe.positions(demand)) for demand in demands)))


def _relevant_demands(
    formula: Formula,
    project: NormalizedName,
    admitted: Sequence[int],
    asked: Sequence[Demand],
    relevant: set[NormalizedName],
) -> dict[int, tuple[Demand, ...]]:
    """Per admitted release that was read: what it demands of projects that matter (nothing if it is unusable)."""
    extras = sorted({extra for demand in asked for extra in demand.extras})
    found: dict[int, tuple[Demand, ...]] = {}
    for position in admitted:
        units = [Unit(project, position, extra) for extra in (None, *extras)]
        if all(formula.is_expanded(unit) for unit in units[:1]):
            demands = [demand for unit in units for demand in formula.universe.dependencies(unit) or ()]
            found[position] = tuple(demand for demand in demands if demand.project in relevant)
    return found


def _dependency_fact(
    formula: Formula, project: NormalizedName, admitted: Sequence[int], needs: dict[int, tuple[Demand, ...]]
) -> str:
    usable = formula.universe.candidates(project).usable
    flaws = {flaw for position in needs if (flaw := formula.universe.flaw(Unit(project, position))) is not None}
    alternatives = list(dict.fromkeys(" and ".join(map(str, demands)) for demands in needs.values() if demands))
    which = f"{project} {_versions([usable[position].version for position in admitted])}"
    if flaws and not alternatives:
        return f"{which} cannot be used ({min(flaws)})"
    return f"{which} {'depends' if len(admitted) == 1 else 'depend'} on {_or(alternatives)}"


def _or(alternatives: Sequence[str]) -> str:
    if len(alternatives) > _MANY:
        return f"{', '.join(alternatives[:_MANY])} or {len(alternatives) - _MANY} other ranges of the same projects"
    return " or ".join(alternatives)


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

_UPPER = frozenset({"<", "<="})


def _hints(engine: Engine, conflict: MinimalConflict, company: Sequence[ModelPackage]) -> tuple[str, ...]:
    """For each line: a release that it would have to admit to be a way out on its own, tried on all."""
    hints = []
    for line in conflict.lines:
        if line.model is None:
            continue
        for specifier in _wider(line.requirement.specifier):
            relaxed = Requirement(str(line.requirement))
            relaxed.specifier = specifier
            changed = [_with_line(model, line, replace(line, requirement=relaxed)) for model in company]
            answer = engine.together(changed)
            if isinstance(answer, Solution):
                version = answer.picks[line.project].version
                hints.append(f"let {line.model} admit {line.project} {version} (it requires {line.text})")
                break
    return tuple(hints)


def _wider(specifier: SpecifierSet) -> list[SpecifierSet]:
    """Newer releases first (no upper bounds), then older ones (nothing but upper bounds)."""
    upper = [part for part in specifier if part.operator in _UPPER]
    lower = [part for part in specifier if part.operator in {">", ">="}]
    found = [SpecifierSet(",".join(map(str, lower)))] if len(lower) < len(specifier) else []
    return [*found, SpecifierSet(",".join(map(str, upper)))] if lower else found


def _with_line(model: ModelPackage, old: RequirementLine, new: RequirementLine) -> ModelPackage:
    return replace(model, lines=tuple(new if line is old else line for line in model.lines))
