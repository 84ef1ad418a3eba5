"""Requirement lines that cannot be satisfied together, as clauses that contradict each other.

Every project has a variable *present*, and a variable *at least i* for each position i that some clause names; its
pick is the candidate at the last position that is reached. Every clause is true of every way to install the lines:

- a line wants its project present and its pick among the candidates it admits; a constraint of the fleet says the
  same of a project that is present;
- a project at position i or later is at any position before i or later;
- where the pick is a certain candidate (and one of its extras is asked for), what it wants is in force; an unusable
  candidate is not picked.

Only clauses that the certificate names are made: if they contradict each other, so do all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from packaging.utils import NormalizedName

from wheelyard_resolver.verify.facts import Facts, Want
from wheelyard_resolver.verify.rup import Clause


@dataclass(frozen=True)
class Origin:
    """Where a clause comes from: a candidate, plain or with one extra, and what it wants; None: it is unusable."""

    project: NormalizedName
    position: int
    extra: NormalizedName | None
    want: Want | None


def clauses(wanted: Sequence[Want], limits: Sequence[Want], origins: Iterable[Origin], facts: Facts) -> list[Clause]:
    """The clauses of lines and of candidates. ``wanted`` are models' lines, ``limits`` constraints of the fleet.

    The numbers of the variables depend on the arguments alone, in this order.
    """
    formula = _Formula(facts)
    for want in wanted:
        formula.demand([], want)
    for want in limits:
        formula.confine([-formula.present(want.project)], want)
    alike: dict[tuple[NormalizedName, NormalizedName | None, Want | None], set[int]] = defaultdict(set)
    for origin in origins:
        alike[origin.project, origin.extra, origin.want].add(origin.position)
    for (project, extra, wish), positions in alike.items():
        for first, last in _runs(sorted(positions)):
            premise = formula.picked(project, first, last, extra)
            if wish is None:
                formula.add(premise)
            else:
                formula.demand(premise, wish)
    formula.order()
    return formula.clauses


def _runs(positions: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring positions as (first, last): what all candidates of a run want takes one clause."""
    first = positions[0]
    for position, after in pairwise((*positions, -1)):
        if after != position + 1:
            yield first, position
            first = after


_Term = int | bool
"""A literal, or what is certainly true or false."""


class _Formula:
    def __init__(self, facts: Facts) -> None:
        self.clauses: list[Clause] = []
        self._facts = facts
        self._variables: dict[tuple[NormalizedName, str], int] = {}
        self._thresholds: dict[NormalizedName, dict[int, int]] = defaultdict(dict)

    def add(self, literals: Iterable[_Term]) -> None:
        """A clause: literals that are certainly false are left out, and so is a clause with one certainly true."""
        given = list(literals)
        if True not in [literal for literal in given if isinstance(literal, bool)]:
            self.clauses.append(tuple(literal for literal in given if not isinstance(literal, bool)))

    def present(self, project: NormalizedName) -> int:
        return self._variable(project, "present")

    def picked(self, project: NormalizedName, first: int, last: int, extra: NormalizedName | None) -> list[_Term]:
        """The premise "if the pick lies from first to last": the literals that say that it does not."""
        asked: list[_Term] = [] if extra is None else [-self._extra(project, extra)]
        return [
            -self.present(project),
            _not(self._at_least(project, first)),
            self._at_least(project, last + 1),
            *asked,
        ]

    def demand(self, premise: Sequence[_Term], want: Want) -> None:
        """Unless a literal of the premise holds: the project is present, with these extras, at an admitted place."""
        self.add([*premise, self.present(want.project)])
        for extra in want.extras:
            self.add([*premise, self._extra(want.project, extra)])
        self.confine(premise, want)

    def confine(self, premise: Sequence[_Term], want: Want) -> None:
        """Unless a literal of the premise holds, the pick is an admitted one."""
        admitted = self._facts.admitted(want)
        if not admitted:
            self.add(premise)
            return
        project = want.project
        self.add([*premise, self._at_least(project, admitted[0])])
        self.add([*premise, _not(self._at_least(project, admitted[-1] + 1))])
        for before, after in pairwise(admitted):
            if after != before + 1:
                self.add([*premise, _not(self._at_least(project, before + 1)), self._at_least(project, after)])

    def order(self) -> None:
        """What is at least i is at least every lower number."""
        for thresholds in self._thresholds.values():
            for lower, higher in pairwise(sorted(thresholds)):
                self.add([-thresholds[higher], thresholds[lower]])

    def _at_least(self, project: NormalizedName, position: int) -> _Term:
        if position <= 0:
            return True
        if position >= self._facts.count(project):
            return False
        variable = self._variable(project, f"at least {position}")
        self._thresholds[project][position] = variable
        return variable

    def _extra(self, project: NormalizedName, extra: NormalizedName) -> int:
        return self._variable(project, f"extra {extra}")

    def _variable(self, project: NormalizedName, what: str) -> int:
        return self._variables.setdefault((project, what), len(self._variables) + 1)


def _not(literal: _Term) -> _Term:
    return not literal if isinstance(literal, bool) else -literal
