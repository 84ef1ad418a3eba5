"""``certificate.json``: what a reader needs to check a proposal without trusting the solver.

It states the fleet as judged, the records of the index that were used, each conflict and each model that no
environment can host with the candidates' demands it rests on, and that fewer bases do not do. Every "no" comes with a
DRUP proof from clauses that the reader derives from the records again; :mod:`wheelyard_resolver.verify` is that
reader. The clauses are numbered by its rules, the facts in them are the engine's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations

from packaging.utils import NormalizedName

from wheelyard_resolver import judged_fleet
from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.model import Fleet, RequirementLine
from wheelyard_resolver.plan import TargetPlan
from wheelyard_resolver.reasons import minimal_edges
from wheelyard_resolver.sat import Sat, refute
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.universe import Universe
from wheelyard_resolver.verdict import Engine
from wheelyard_resolver.verify import colouring, refutation, rup
from wheelyard_resolver.verify.facts import Want
from wheelyard_resolver.verify.refutation import Origin
from wheelyard_resolver.verify.rup import Clause
from wheelyard_resolver.verify.statement import SCHEMA

_TRIMMED = 50
"""Proofs of no more lines are freed of lines that they do not need: the time is quadratic in the lines."""


def to_document(fleet: Fleet, plans: Sequence[TargetPlan], recording: Recording) -> dict[str, object]:
    """The certificate of what :func:`~wheelyard_resolver.propose.proposal_of` proposes, as JSON-ready values."""
    conflicts = [(plan, found) for plan in plans for found in plan.conflicts]
    stated = [
        {
            "target": judged_fleet.target_document(plan.engine.target),
            **_refutation(plan.engine, found.lines),
        }
        for plan, found in conflicts
    ]
    unplaceable = [
        {"model": item.model, **_refutation(plan.engine, item.lines)}
        if item.lines
        else {"model": item.model, "requires_python": _requires_python(fleet, item.model)}
        for plan in plans
        for item in plan.unplaceable
    ]
    bounds = [
        _bound(plan, [(place, frozenset(found.models)) for place, (its, found) in enumerate(conflicts) if its is plan])
        for plan in plans
    ]
    return {
        "schema": SCHEMA,
        "snapshot": {"digest": recording.digest(), "records": recording.records()},
        "fleet": judged_fleet.to_document(fleet),
        "conflicts": stated,
        "unplaceable": unplaceable,
        "bounds": bounds,
    }


def _requires_python(fleet: Fleet, key: str) -> str:
    model = fleet.model(key)
    assert model is not None
    assert model.requires_python is not None, "without lines it is its Python that does not fit"
    return str(model.requires_python)


# -- conflicts and models without a place -------------------------------------------------------------------------


class _EngineFacts:
    """Implements :class:`~wheelyard_resolver.verify.facts.Facts` by what the engine has read already."""

    def __init__(self, universe: Universe) -> None:
        self._universe = universe

    def count(self, project: NormalizedName) -> int:
        return len(self._universe.candidates(project).usable)

    def admitted(self, want: Want) -> Sequence[int]:
        demand = Demand(want.project, want.specifier, frozenset(want.extras), want.url or None)
        return self._universe.positions(demand)

    def wants(self, project: NormalizedName, position: int, extra: NormalizedName | None) -> Collection[Want] | None:
        demands = self._universe.dependencies(Unit(project, position, extra))
        return None if demands is None else {_want(demand) for demand in demands}


def _want(demand: Demand) -> Want:
    return Want(demand.project, demand.specifier, tuple(sorted(demand.extras)), demand.url or "")


def _refutation(engine: Engine, lines: Sequence[RequirementLine]) -> dict[str, object]:
    """Lines that cannot be installed together, the origins of the clauses that say so, and the proof."""
    facts = _EngineFacts(engine.universe)
    wanted = [_want(line.demand) for line in lines if line.model is not None]
    limits = [_want(line.demand) for line in lines if line.model is None]
    clauses = refutation.clauses(wanted, limits, (), facts)
    origins: list[Origin] = []
    if not rup.Premises(clauses).contradict:  # lines that exclude each other need nothing in between
        origins = _origins(engine, lines, wanted, facts)
        clauses = refutation.clauses(wanted, limits, origins, facts)
    return {
        "lines": [{"model": line.model, "requirement": str(line.requirement)} for line in lines],
        "origins": _stated_origins(engine.universe, origins),
        "proof": _proof(clauses),
    }


def _origins(
    engine: Engine, lines: Sequence[RequirementLine], wanted: Sequence[Want], facts: _EngineFacts
) -> list[Origin]:
    """What the candidates on the way demand, by a minimal set of edges; extras as far as something asks for them."""
    edges = sorted(minimal_edges(engine, lines), key=lambda edge: (edge.project, edge.position, edge.other or ""))
    asked = {(want.project, extra) for want in wanted for extra in want.extras}
    while True:
        found: list[Origin] = []
        for edge in edges:
            for extra in (None, *sorted(extra for project, extra in asked if project == edge.project)):
                wants = facts.wants(edge.project, edge.position, extra)
                if wants is None:
                    found.append(Origin(edge.project, edge.position, extra, None))
                else:
                    matter = sorted(want for want in wants if want.project == edge.other)
                    found += [Origin(edge.project, edge.position, extra, want) for want in matter]
        more = {(item.want.project, extra) for item in found if item.want is not None for extra in item.want.extras}
        if more <= asked:
            return list(dict.fromkeys(found))
        asked |= more


def _stated_origins(universe: Universe, origins: Iterable[Origin]) -> list[dict[str, object]]:
    """Origins by candidate and extra: what each demands, or that it is unusable (``demands`` null)."""
    demands: dict[tuple[NormalizedName, int, NormalizedName | None], list[str] | None] = {}
    for origin in origins:
        unit = (origin.project, origin.position, origin.extra)
        if origin.want is None:
            demands[unit] = None
        else:
            texts = demands.setdefault(unit, [])
            assert texts is not None, "an unusable candidate demands nothing"
            texts.append(str(origin.want))
    stated: list[dict[str, object]] = []
    for (project, position, extra), texts in demands.items():
        candidate = universe.candidates(project).usable[position]
        wheel = candidate.wheel.filename
        stated.append(
            {
                "project": project,
                "version": str(candidate.version),
                "wheel": wheel,
                "extra": extra,
                "demands": texts,
            }
        )
    return stated


# -- fewer bases --------------------------------------------------------------------------------------------------


def _bound(plan: TargetPlan, conflicts: Sequence[tuple[int, frozenset[str]]]) -> dict[str, object]:
    """That the models of a target need as many bases as were proved: conflicts that suffice, and the proof."""
    at_least = plan.grouping.lower_bound
    used: Sequence[tuple[int, frozenset[str]]] = ()
    pinned: Sequence[str] = ()
    proof: list[str] = []
    if at_least > 1:
        clique = _clique([models for _, models in conflicts])
        pinned = clique[: at_least - 1]
        edges = [frozenset(pair) for pair in combinations(clique[:at_least], 2)]
        used = [item for item in conflicts if item[1] in edges]
        if len(clique) < at_least:
            used = _enough(conflicts, used, at_least - 1, pinned)
        proof = _proof(colouring.clauses([models for _, models in used], at_least - 1, pinned))
    return {
        "target": judged_fleet.target_document(plan.engine.target),
        "at_least": at_least,
        "conflicts": [place for place, _ in used],
        "pinned": list(pinned),
        "proof": proof,
    }


def _clique(conflicts: Iterable[frozenset[str]]) -> list[str]:
    """Models that conflict pairwise, as many as a greedy search finds, sorted."""
    neighbours: dict[str, set[str]] = {}
    for one, other in (sorted(models) for models in conflicts if len(models) == 2):
        neighbours.setdefault(one, set()).add(other)
        neighbours.setdefault(other, set()).add(one)
    best: list[str] = []
    for start in sorted(neighbours):
        clique, left = [start], set(neighbours[start])
        while left:
            model = min(left, key=lambda key: (-len(neighbours[key] & left), key))
            clique.append(model)
            left &= neighbours[model]
        best = max(best, clique, key=len)
    return sorted(best)


def _enough(
    conflicts: Sequence[tuple[int, frozenset[str]]],
    kept: Sequence[tuple[int, frozenset[str]]],
    colours: int,
    pinned: Sequence[str],
) -> list[tuple[int, frozenset[str]]]:
    """Few of the conflicts, ``kept`` among them, for which the colours do not suffice."""
    candidates = list(conflicts)
    while True:
        sat = Sat()
        selectors: dict[int, int] = {}
        clauses = colouring.clauses([models for _, models in candidates], colours, pinned)
        for _ in range(max(abs(literal) for clause in clauses for literal in clause)):
            sat.variable()
        of_conflicts = len(clauses) - colours * len(candidates)
        for number, clause in enumerate(clauses):
            place = (number - of_conflicts) // colours
            if number < of_conflicts:
                sat.add(clause)
            else:
                selectors[place] = selectors.get(place) or sat.variable()
                sat.add((-selectors[place], *clause))
        satisfiable = sat.solve(list(selectors.values()))
        assert not satisfiable, "the grouping proved it"
        core = sat.core()
        sat.close()
        fewer = [item for place, item in enumerate(candidates) if selectors[place] in core or item in kept]
        if len(fewer) == len(candidates):
            return fewer
        candidates = fewer


# -- proofs -------------------------------------------------------------------------------------------------------


def _proof(clauses: Sequence[Clause]) -> list[str]:
    """The lines of a proof that clauses contradict each other, up to where propagation sees it."""
    if rup.Premises(clauses).contradict:
        return []
    lemmas = refute(clauses)
    assert lemmas is not None, "the engine refuted it"
    return [rup.proof_line(lemma) for lemma in _trimmed(clauses, _cut(clauses, lemmas))]


def _cut(clauses: Sequence[Clause], lemmas: Sequence[Clause]) -> list[Clause]:
    """The lemmas up to the one with which propagation finds the contradiction."""
    premises = rup.Premises(clauses)
    needed = []
    for lemma in lemmas:
        if premises.contradict:
            break
        premises.add(lemma)
        needed.append(lemma)
    return needed


def _trimmed(clauses: Sequence[Clause], lemmas: list[Clause]) -> list[Clause]:
    """The lemmas without those that can be spared, the last first."""
    if len(lemmas) > _TRIMMED:
        return lemmas
    for lemma in reversed(list(lemmas)):
        rest = [other for other in lemmas if other is not lemma]
        if rup.flaw(clauses, rest) is None:
            lemmas = rest
    return lemmas
