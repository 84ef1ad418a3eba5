"""How the models of a fleet are grouped: the fewest groups of each target, and what stands in the way of fewer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from wheelyard_resolver.condition import Conditions, Named
from wheelyard_resolver.demand import Demand
from wheelyard_resolver.explain import Explanation, explain
from wheelyard_resolver.facts import WrongPython
from wheelyard_resolver.findings import Unplaceable
from wheelyard_resolver.grouping import Grouper, Grouping
from wheelyard_resolver.index import Index
from wheelyard_resolver.keeping import Homes, keep_in_place
from wheelyard_resolver.learning import Learner
from wheelyard_resolver.minimal_conflicts import minimal_conflicts
from wheelyard_resolver.model import AcceptedBase, Fleet, ModelPackage
from wheelyard_resolver.moved import Moved
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.target import Target
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

Clock = Callable[[], bool]
"""Tells whether time is up."""


def never() -> bool:
    """The clock of someone who has all the time."""
    return False


@dataclass(frozen=True)
class TargetPlan:
    """How the models of one target are grouped: the grouping is over ``models``, each of which can be placed.

    ``conflicts`` suffice to show that fewer groups than its lower bound are impossible. ``accepted`` has, for each
    group, the accepted base that it goes on with; None: a new one. ``moved`` are the models that leave theirs; None if
    no base is accepted.
    """

    engine: Engine
    models: tuple[ModelPackage, ...]
    grouping: Grouping
    conflicts: tuple[MinimalConflict, ...]
    unplaceable: tuple[Unplaceable, ...]
    accepted: tuple[AcceptedBase | None, ...]
    moved: Moved | None

    def groups(self) -> list[tuple[ModelPackage, ...]]:
        """The models of each group."""
        return [tuple(self.models[node] for node in group) for group in self.grouping.groups]


def plan(fleet: Fleet, index: Index, out_of_time: Clock = never, memo: Memo | None = None) -> tuple[TargetPlan, ...]:
    """How the models of each target are grouped.

    When time runs out before a number of groups is proved least, the best found is returned, not minimal.

    Raises:
        Undecided: something needed could not be read.
    """
    return tuple(plan_target(fleet, index, target, out_of_time, memo) for target in fleet.targets())


def plan_target(
    fleet: Fleet,
    index: Index,
    target: Target,
    out_of_time: Clock = never,
    memo: Memo | None = None,
    *,
    allowed: int = 0,
) -> TargetPlan:
    """Group the models of one target, into the fewest groups, or into more than that if so many are ``allowed`` and
    fewer models move from their accepted bases. Raises as :func:`plan` does."""
    engine = Engine.for_fleet(index, fleet, target, memo=memo)
    models = sorted((model for model in fleet.models if model.target == target), key=lambda model: model.key)
    engine.load(models)
    fitting = [model for model in models if python_misfit(engine, model) is None]
    homes = [base for base in fleet.bases if any(model.key in base.models for model in fitting)]
    twins = _apart(twins_of(engine, fitting), homes)
    asked = [engine.conditions(same[0]) for same in twins]
    learner = Learner(asked, Oracle(engine, asked).clash)
    found = Grouper(learner, out_of_time).search()
    kept = keep_in_place(learner, _homes(twins, homes), found.groups, out_of_time, most=allowed)
    placed = {twin.key for group in found.groups for node in group for twin in twins[node]}
    placeable = tuple(model for model in models if model.key in placed)
    place = {model.key: number for number, model in enumerate(placeable)}
    groups = sorted(
        (tuple(sorted(place[twin.key] for node in group for twin in twins[node])), -1 if home is None else home)
        for group, home in kept.groups
    )
    return TargetPlan(
        engine=engine,
        models=placeable,
        grouping=replace(found, groups=tuple(group for group, _ in groups), unplaceable=()),
        conflicts=minimal_conflicts(engine, [same[0] for same in twins], learner, found),
        unplaceable=tuple(_reasons(engine, (model for model in models if model.key not in placed))),
        accepted=tuple(None if home < 0 else homes[home] for _, home in groups),
        moved=kept.moved if homes else None,
    )


def _homes(twins: Sequence[Sequence[ModelPackage]], homes: Sequence[AcceptedBase]) -> Homes:
    bases = {node: home for node, same in enumerate(twins) if (home := _home(same[0], homes)) >= 0}
    return Homes(bases, {node: len(twins[node]) for node in bases})


def _reasons(engine: Engine, models: Iterable[ModelPackage]) -> Iterator[Unplaceable]:
    for model in models:
        reason = why_unplaceable(engine, model)
        assert reason is not None, f"{model.key} was found to fit in no group"
        yield reason


def _apart(twins: Sequence[Sequence[ModelPackage]], homes: Sequence[AcceptedBase]) -> list[tuple[ModelPackage, ...]]:
    """Twins that live in the same accepted base, or in none: these stay or move together."""
    found: list[tuple[ModelPackage, ...]] = []
    for same in twins:
        by_home: dict[int, list[ModelPackage]] = {}
        for model in same:
            by_home.setdefault(_home(model, homes), []).append(model)
        found += [tuple(models) for models in by_home.values()]
    return sorted(found, key=lambda same: same[0].key)


def _home(model: ModelPackage, homes: Sequence[AcceptedBase]) -> int:
    return next((place for place, base in enumerate(homes) if model.key in base.models), -1)


def python_misfit(engine: Engine, model: ModelPackage) -> WrongPython | None:
    """What is wrong with the target's Python for a model; None if nothing is."""
    if model.requires_python is None or model.requires_python.contains(engine.target.python, prereleases=True):
        return None
    return WrongPython(model.key, model.requires_python, engine.target)


def why_unplaceable(engine: Engine, model: ModelPackage) -> Unplaceable | None:
    """Why no environment of the target can host a model; None if one can."""
    misfit = python_misfit(engine, model)
    if misfit is not None:
        return Unplaceable(model.key, Explanation(engine.target, (model.key,), (misfit,)))
    answer = engine.together([model])
    return None if isinstance(answer, Solution) else Unplaceable(model.key, explain(engine, answer), answer.lines)


def twins_of(engine: Engine, models: Sequence[ModelPackage]) -> list[list[ModelPackage]]:
    """Models with the same requirement lines, together: what holds for one holds for all."""
    found: dict[frozenset[Demand], list[ModelPackage]] = {}
    for model in models:
        demands = frozenset(line.demand for line in engine.applicable(model.lines))
        found.setdefault(demands, []).append(model)
    return list(found.values())


class Oracle:
    """Finds conflicts in terms of bounds that models name: others would tell no more models apart."""

    def __init__(self, engine: Engine, asked: Iterable[Conditions]) -> None:
        self._engine = engine
        self._named = Named(asked)

    def clash(self, asked: Conditions) -> Conditions | None:
        """Conditions that cannot be met together, few and as weak as models name them; None if all can be."""
        return self._engine.clash(asked, self._named.weaker)
