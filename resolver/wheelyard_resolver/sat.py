"""The SAT solver, typed: the one module that knows python-sat."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pysat.card import ITotalizer
from pysat.solvers import Solver

ENGINE = "glucose42"
"""Incremental, honours phases, gives cores; deterministic for the same clauses in the same order."""

UNLIMITED = -1
"""An effort without a limit."""


def refute(clauses: Iterable[Sequence[int]]) -> tuple[tuple[int, ...], ...] | None:
    """The lemmas of a DRUP proof that clauses contradict each other, without the empty clause; None if they do not.

    A proof needs a solver of its own: under assumptions it would not end in the empty clause.
    """
    with Solver(name=ENGINE, bootstrap_with=[list(clause) for clause in clauses], with_proof=True) as solver:
        if solver.solve():
            return None
        lines = [line.split() for line in solver.get_proof() or ()]
        return tuple(tuple(map(int, line[:-1])) for line in lines if line[0] not in ("d", "0"))


class Sat:
    """An incremental CDCL solver. Literals are non-zero integers, negative for "not" (DIMACS)."""

    def __init__(self) -> None:
        self._solver = Solver(name=ENGINE)
        self._count = 0
        self.answer: Sequence[int] = ()
        """After a "yes": each variable, in order, positive or negative; those younger than it are not in it."""

    def variable(self, *, phase: bool | None = None) -> int:
        """A new variable; ``phase`` is the value that is always tried first, without one that which it had last."""
        self._count += 1
        if phase is not None:
            self._solver.set_phases([self._count if phase else -self._count])
        return self._count

    @property
    def variables(self) -> int:
        """How many variables there are: they are numbered from 1."""
        return self._count

    def reserve(self, variables: int) -> None:
        """Have so many variables at least, as someone else numbered some."""
        self._count = max(self._count, variables)

    def prefer(self, literals: Iterable[int]) -> None:
        """Try these values first."""
        self._solver.set_phases(list(literals))

    def add(self, clause: Iterable[int]) -> None:
        """Add a clause: at least one of its literals is true."""
        self._solver.add_clause(list(clause))

    def solve(self, assumptions: Sequence[int] = ()) -> bool:
        """Whether the clauses can be satisfied with these literals true."""
        satisfiable = bool(self._solver.solve(assumptions=list(assumptions)))
        self.answer = self._solver.get_model() or () if satisfiable else ()
        return satisfiable

    def solve_within(self, effort: int, assumptions: Sequence[int] = ()) -> bool | None:
        """:meth:`solve`, given up (None) after so many conflicts: a measure that is the same on every machine."""
        self._solver.conf_budget(effort)
        satisfiable = self._solver.solve_limited(assumptions=list(assumptions))
        self.answer = self._solver.get_model() or () if satisfiable else ()
        return None if satisfiable is None else bool(satisfiable)

    @property
    def conflicts(self) -> int:
        """How many dead ends the solver met so far."""
        return int(self._solver.accum_stats()["conflicts"])

    def core(self) -> frozenset[int]:
        """After a "no": assumptions that suffice for it. Not minimal."""
        return frozenset(self._solver.get_core() or ())

    def value(self, variable: int) -> bool:
        """After a "yes": the value of a variable that the answer covers."""
        return self.answer[variable - 1] > 0

    def close(self) -> None:
        """Free the solver's memory; it lives outside Python's heap."""
        self._solver.delete()


class Tally:
    """How many of some literals are true: more literals, and higher bounds, may come later.

    An incremental totalizer (Martins, Joshi, Manquinho and Lynce 2014).
    """

    def __init__(self, sat: Sat) -> None:
        self._sat = sat
        self._totalizer = ITotalizer()

    def at_most(self, bound: int, literals: Iterable[int]) -> Sequence[int]:
        """What to assume for it: of these literals and those named before, no more than so many are true."""
        totalizer, new = self._totalizer, list(literals)
        if totalizer.lits:
            totalizer.extend(new, ubound=bound, top_id=self._sat.variables)
        elif new:
            totalizer.new(new, ubound=bound, top_id=self._sat.variables)
        for clause in totalizer.cnf.clauses[len(totalizer.cnf.clauses) - totalizer.nof_new :]:
            self._sat.add(clause)
        self._sat.reserve(totalizer.top_id)
        return [-totalizer.rhs[bound]] if bound < len(totalizer.lits) else []
