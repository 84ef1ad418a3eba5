"""Which versions exactly: pip's walk, kept off dead ends by the solver.

resolvelib decides in which order projects are pinned and tries their candidates, newest first, as pip does. It
is offered only candidates with which the pins made so far can still be completed, so it never backtracks and
its known false answers (resolvelib issue 206) cannot arise. A "no" never comes from here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, overload

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version
from resolvelib import AbstractProvider, BaseReporter, Resolver
from resolvelib.resolvers import RequirementInformation, ResolutionError
from resolvelib.structs import State

from wheelyard_resolver.completion import Completion
from wheelyard_resolver.demand import Demand, Unit
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.verdict import Engine, Solution

_Preference: TypeAlias = tuple[bool, bool, bool, float, str, str]

_MAX_ROUNDS = 200_000  # pip's own limit


@dataclass(frozen=True, slots=True)
class _Slot:
    """What resolvelib pins: a project, or one extra of it, as pip's provider has it."""

    project: NormalizedName
    extra: NormalizedName | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """A requirement on a slot, and the positions that it admits."""

    slot: _Slot
    demand: Demand
    admitted: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Choice:
    slot: _Slot
    position: int


class _Reporter(BaseReporter[_Wanted, _Choice, _Slot]):
    """Follows the pins. The last ones stand before resolvelib builds its graph, which may recurse too deeply."""

    def __init__(self) -> None:
        self.pins: Mapping[_Slot, _Choice] = {}
        self.ended = False

    def ending_round(self, index: int, state: State[_Wanted, _Choice, _Slot]) -> None:  # noqa: ARG002
        self.pins = state.mapping

    def ending(self, state: State[_Wanted, _Choice, _Slot]) -> None:
        self.pins, self.ended = state.mapping, True


class _Matches(Sequence[_Choice]):
    """Choices of which only those are seen that can be pinned at the moment of looking.

    resolvelib memoises what it is given when a requirement is added, and looks when a pin is tried.
    """

    def __init__(self, choices: list[_Choice], can_be_pinned: Callable[[_Choice], bool]) -> None:
        self._choices = choices
        self._can_be_pinned = can_be_pinned

    def __iter__(self) -> Iterator[_Choice]:
        return (choice for choice in self._choices if self._can_be_pinned(choice))

    def __len__(self) -> int:
        # resolvelib only asks whether there is any. Pins that can be completed leave one for every requirement.
        return len(self._choices)

    @overload
    def __getitem__(self, place: int) -> _Choice: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[_Choice]: ...
    def __getitem__(self, place: int | slice) -> _Choice | Sequence[_Choice]:
        return self._choices[place]


class _Provider(AbstractProvider[_Wanted, _Choice, _Slot]):
    def __init__(
        self,
        engine: Engine,
        completion: Completion,
        order: Mapping[NormalizedName, int],
        preferred: Mapping[NormalizedName, Version],
        reporter: _Reporter,
    ) -> None:
        self._engine = engine
        self._completion = completion
        self._order = order
        self._preferred = preferred
        self._reporter = reporter
        self._preferences: dict[_Slot, _Preference] = {}  # by the requirements known when matches were looked for

    def identify(self, requirement_or_candidate: _Wanted | _Choice) -> _Slot:
        return requirement_or_candidate.slot

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[_Slot],
        resolutions: Mapping[_Slot, _Choice],  # noqa: ARG002 (resolvelib passes by keyword)
        candidates: Mapping[_Slot, Iterator[_Choice]],  # noqa: ARG002
        information: Mapping[_Slot, Iterator[RequirementInformation[_Wanted, _Choice]]],  # noqa: ARG002
        backtrack_causes: Sequence[RequirementInformation[_Wanted, _Choice]],  # noqa: ARG002
    ) -> Iterable[_Slot]:
        """The one to pin next, at once: asked for one by one, the preferences took longer than the pinning."""
        return (min(identifiers, key=self._preferences.__getitem__),)

    def get_preference(
        self,
        identifier: _Slot,
        resolutions: Mapping[_Slot, _Choice],  # noqa: ARG002
        candidates: Mapping[_Slot, Iterator[_Choice]],  # noqa: ARG002
        information: Mapping[_Slot, Iterator[RequirementInformation[_Wanted, _Choice]]],  # noqa: ARG002
        backtrack_causes: Sequence[RequirementInformation[_Wanted, _Choice]],  # noqa: ARG002
    ) -> _Preference:
        return self._preferences[identifier]

    def _preference(self, slot: _Slot, demands: Collection[Demand]) -> _Preference:
        """pip's order: direct references, pins, upper bounds, the order asked for, the name."""
        direct = any(demand.url is not None for demand in demands)
        pinned = any(_pins(demand.specifier) for demand in demands)
        bounded = any(_bounds(demand.specifier) for demand in demands)
        order = self._order.get(slot.project, math.inf)
        return not direct, not pinned, not bounded, order, slot.project, slot.extra or ""

    def find_matches(
        self,
        identifier: _Slot,
        requirements: Mapping[_Slot, Iterator[_Wanted]],
        incompatibilities: Mapping[_Slot, Iterator[_Choice]],
    ) -> _Matches:
        wanted = list(requirements[identifier])
        self._preferences[identifier] = self._preference(identifier, [want.demand for want in wanted])
        refused = {choice.position for choice in incompatibilities[identifier]}
        admitted = frozenset.intersection(*(want.admitted for want in wanted)) - refused
        ordered = self._by_preference(identifier.project, admitted)
        return _Matches([_Choice(identifier, position) for position in ordered], self._can_be_pinned)

    def _can_be_pinned(self, choice: _Choice) -> bool:
        pins = {pinned.project: made.position for pinned, made in self._reporter.pins.items()}
        project = choice.slot.project
        if project in pins:
            return pins[project] == choice.position
        return self._completion.possible({**pins, project: choice.position})

    def _by_preference(self, project: NormalizedName, positions: Collection[int]) -> list[int]:
        versions = self._engine.universe.candidates(project).versions
        held = self._preferred.get(project)
        return sorted(positions, key=lambda place: (versions[place] == held, place), reverse=True)

    def is_satisfied_by(self, requirement: _Wanted, candidate: _Choice) -> bool:
        return candidate.position in requirement.admitted

    def get_dependencies(self, candidate: _Choice) -> list[_Wanted]:
        unit = Unit(candidate.slot.project, candidate.position, candidate.slot.extra)
        found = wants(self._engine, self._engine.universe.dependencies(unit) or ())
        if candidate.slot.extra is None:
            return found
        plain = Demand(candidate.slot.project, "", frozenset())
        return [_Wanted(_Slot(plain.project), plain, frozenset((candidate.position,))), *found]


@lru_cache(maxsize=50_000)
def _pins(specifier: str) -> bool:
    return any(
        part.operator == "===" or (part.operator == "==" and not part.version.endswith(".*"))
        for part in SpecifierSet(specifier)
    )


@lru_cache(maxsize=50_000)
def _bounds(specifier: str) -> bool:
    return any(
        part.operator in {"<", "<=", "~="} or (part.operator == "==" and part.version.endswith(".*"))
        for part in SpecifierSet(specifier)
    )


def wants(engine: Engine, demands: Iterable[Demand]) -> list[_Wanted]:
    """Each demand as requirements on the project and on each of its extras."""
    return [
        _Wanted(_Slot(demand.project, extra), demand, engine.universe.admits(demand))
        for demand in demands
        for extra in (None, *sorted(demand.extras))
    ]


def pick_versions(
    engine: Engine,
    lines: Sequence[RequirementLine],
    first: Solution,
    preferred: Mapping[NormalizedName, Version] | None = None,
) -> Mapping[NormalizedName, int]:
    """The positions to install for lines that can be installed together.

    ``first`` is a solution for them; ``preferred`` are versions to keep where possible (an accepted lock).
    """
    applicable = engine.applicable(lines)
    demands = [line.demand for line in applicable if line.model is not None]
    order = {project: place for place, project in enumerate(dict.fromkeys(demand.project for demand in demands))}
    completion = Completion(engine, lines, first)
    reporter = _Reporter()
    resolver = Resolver(_Provider(engine, completion, order, preferred or {}, reporter), reporter)
    try:
        resolver.resolve(wants(engine, demands), max_rounds=_MAX_ROUNDS)
    except (ResolutionError, RecursionError):
        # Without dead ends this does not happen; if it does, the solver's own answer stands.
        if not reporter.ended:
            return first.positions
    return {slot.project: choice.position for slot, choice in reporter.pins.items() if slot.extra is None}
