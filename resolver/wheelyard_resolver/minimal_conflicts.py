"""Which minimal conflicts of models to state: those that prove how many groups are needed, and more that may help.

The grouper learns conflicts of conditions; people, and certificates, want models. From two thousand models a
million pairs may conflict: of those that a proof does not rest on, so many are stated as can be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import combinations
from operator import or_

from packaging.utils import NormalizedName

from wheelyard_resolver.colouring import Colouring
from wheelyard_resolver.condition import Condition, Conditions, in_order
from wheelyard_resolver.conflicts import Bits, Conflicts, bits, members
from wheelyard_resolver.grouping import Grouping
from wheelyard_resolver.learning import Learner
from wheelyard_resolver.model import ModelPackage, RequirementLine, lines_of
from wheelyard_resolver.sat import UNLIMITED
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

MOST_DIRECT = 5000
"""Of pairs of models that ask for other releases of one project, at most so many are stated beside the proof."""


def minimal_conflicts(
    engine: Engine, models: Sequence[ModelPackage], learner: Learner, found: Grouping
) -> tuple[MinimalConflict, ...]:
    """Minimal conflicts, each once, by model: a set that suffices for the lower bound, and others.

    ``learner`` knows what each of the models asks, and ``found`` is the grouping that it learnt for.
    """
    placeable = [node for node in range(len(models)) if node not in found.unplaceable]
    stated = {conflict.models: conflict for conflict in _direct(engine, [models[node] for node in placeable])}
    for conflict in learner.known.found:
        nodes = _few_that_ask(conflict, learner.known, placeable)
        answer = engine.together([models[node] for node in nodes]) if nodes else None
        if isinstance(answer, MinimalConflict):
            stated.setdefault(answer.models, answer)
    for answer in _proof(engine, models, learner, found):
        stated.setdefault(answer.models, answer)
    return tuple(stated[names] for names in sorted(stated))


def _direct(engine: Engine, models: Sequence[ModelPackage]) -> list[MinimalConflict]:
    """Pairs of models that demand disjoint releases of one project: seen without asking the solver."""
    by_project: dict[NormalizedName, list[tuple[str, RequirementLine, frozenset[int]]]] = {}
    for line in engine.applicable(lines_of(models)):
        assert line.model is not None
        admitted = engine.universe.admits(line.demand)
        by_project.setdefault(line.project, []).append((line.model, line, admitted))
    found: dict[tuple[str, ...], MinimalConflict] = {}
    for project in sorted(by_project):
        for one, other in combinations(by_project[project], 2):
            if one[0] != other[0] and not one[2] & other[2]:
                names = tuple(sorted((one[0], other[0])))
                found.setdefault(names, MinimalConflict(names, (one[1], other[1])))
                if len(found) == MOST_DIRECT:
                    return list(found.values())
    return list(found.values())


def _few_that_ask(conflict: Conditions, known: Conflicts, placeable: Sequence[int]) -> list[int]:
    """Few models that together ask for all of these; none if only some that cannot be placed do."""
    every = bits(placeable)
    lacking: list[Bits] = [known.asking(condition) & every for condition in conflict]
    chosen: list[int] = []
    while lacking:
        if not all(lacking):
            return []
        node = max(members(reduce(or_, lacking)), key=lambda node: sum(models >> node & 1 for models in lacking))
        chosen.append(node)
        lacking = [models for models in lacking if not models >> node & 1]
    return sorted(chosen)


def _proof(
    engine: Engine, models: Sequence[ModelPackage], learner: Learner, found: Grouping
) -> Iterator[MinimalConflict]:
    """Minimal conflicts of the models needed for which one group fewer than the lower bound does not suffice."""
    needed = found.needed
    excluding = [
        (one, other)
        for one, other in combinations(range(len(needed)), 2)
        if learner.known.excluded(needed[one]) >> needed[other] & 1
    ]
    for one, other in excluding:
        answer = engine.together((models[needed[one]], models[needed[other]]))
        assert not isinstance(answer, Solution), "a conflict was learnt between them"
        yield answer
    if len(needed) > found.lower_bound:
        yield from _beyond_pairs(engine, [models[node] for node in needed], excluding, found.lower_bound)


def _beyond_pairs(
    engine: Engine, models: Sequence[ModelPackage], pairs: Iterable[tuple[int, int]], needed: int
) -> Iterator[MinimalConflict]:
    """The conflicts that it takes beside those of pairs, to show that so many groups are needed."""
    place = {model.key: number for number, model in enumerate(models)}
    learnt: list[MinimalConflict] = []

    def clash(asked: Conditions) -> Conditions | None:
        answer = engine.together([models[condition.position] for condition in in_order(asked)])
        if isinstance(answer, Solution):
            return None
        learnt.append(answer)
        return frozenset(_whole(place[key]) for key in answer.models)

    learner = Learner([frozenset((_whole(number),)) for number in place.values()], clash)
    for pair in pairs:
        learner.known.add(frozenset(map(_whole, pair)))
    colouring = Colouring(learner.models, needed - 1)
    colouring.pin(learner.known.clique(bits(learner.left)))
    colours = learner.attempt(colouring, UNLIMITED, out_of_time=lambda: False)
    colouring.close()
    assert colours is False, "they were found to need one group more"
    yield from learnt


def _whole(number: int) -> Condition:
    """A model as one condition: all that it asks."""
    return Condition(NormalizedName("model"), "present", number)
