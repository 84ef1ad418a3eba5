"""What is known of the models that cannot share a group, as sets of models: a set is an integer, a model a bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_, or_

from wheelyard_resolver.condition import Asked, Condition, Conditions, in_order

Bits = int
"""A set of models."""


def bits(models: Iterable[int]) -> Bits:
    """The set of these models."""
    return reduce(or_, (1 << model for model in models), 0)


def members(models: Bits) -> Iterator[int]:
    """The models of a set, ascending."""
    while models:
        lowest = models & -models
        yield lowest.bit_length() - 1
        models ^= lowest


class Conflicts:
    """Conflicts between what models ask; those between two bounds of one project are known from the start."""

    def __init__(self, models: Sequence[Conditions]) -> None:
        self.found: list[Conditions] = []
        self._conditions = models
        self._asked = [Asked(conditions) for conditions in models]
        self._asking: dict[Condition, Bits] = {}
        self._excluded: list[Bits] = [0] * len(models)
        self._wide: list[list[tuple[Bits, ...]]] = [[] for _ in models]
        uppers = sorted({item for conditions in models for item in conditions if item.kind == "below"})
        for upper in uppers:
            self._exclude((self.asking(upper), self.asking(Condition(upper.project, "from", upper.position))))

    def asking(self, condition: Condition) -> Bits:
        """The models that ask for a condition, or for more."""
        found = self._asking.get(condition)
        if found is None:
            found = bits(model for model, asked in enumerate(self._asked) if asked.implies(condition))
            self._asking[condition] = found
        return found

    def add(self, conflict: Conditions) -> Bits:
        """Learn that these conditions cannot be met together; the models that ask for all of them alone."""
        self.found.append(conflict)
        asking = tuple(self.asking(condition) for condition in in_order(conflict))
        self._exclude(asking)
        if len(asking) > 2:
            for model in members(reduce(or_, asking)):
                self._wide[model].append(asking)
        return reduce(and_, asking)

    def _exclude(self, asking: Sequence[Bits]) -> None:
        for model in members(reduce(or_, asking)):
            lacking = [others for others in asking if not others >> model & 1]
            if lacking:
                self._excluded[model] |= reduce(and_, lacking)

    def excluded(self, model: int) -> Bits:
        """The models that are known to fit in no group with this one, even alone with it."""
        return self._excluded[model]

    def allow(self, model: int, group: Bits) -> bool:
        """Whether no known conflict keeps a model out of a group."""
        if self._excluded[model] & group:
            return False
        joined = group | 1 << model
        return not any(all(others & joined for others in asking) for asking in self._wide[model])

    def stronger(self, models: Iterable[int]) -> dict[int, int]:
        """For models that ask for nothing beyond what another asks for, that other: where it can be, so can they."""
        found: dict[int, int] = {}
        every = bits(models)
        for model in members(every):
            asking = reduce(and_, map(self.asking, self._conditions[model]), every) & every & ~(1 << model)
            other = next((other for other in members(asking) if other not in found), None)
            if other is not None:
                found[model] = other
        return found

    def clique(self, models: Bits) -> list[int]:
        """Models that exclude one another pairwise, found greedily."""
        best: list[int] = []
        for start in members(models):
            clique, candidates = [start], self._excluded[start] & models
            while len(clique) + candidates.bit_count() > len(best) and candidates:
                model = max(members(candidates), key=lambda item: (self._excluded[item] & candidates).bit_count())
                clique.append(model)
                candidates &= self._excluded[model]
            if not candidates:
                best = max(best, clique, key=len)
        return best
