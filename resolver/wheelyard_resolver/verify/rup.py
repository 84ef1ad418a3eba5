"""Reverse unit propagation: is a clause forced by others, seen by propagation alone?

A proof is a list of clauses, each of which is found to follow (assume it false: propagation runs into a
contradiction) and is then a premise for the next; it is complete when propagation alone contradicts the premises.
Whoever found the proof, and how, does not matter.

Sources: E. Goldberg and Y. Novikov, "Verification of proofs of unsatisfiability for CNF formulas" (DATE 2003);
M. Heule, W. Hunt and N. Wetzler, "Trimming while checking clausal proofs" (FMCAD 2013), whose DRUP adds deletions.
Deletions only save time and are not used here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

Clause = tuple[int, ...]
"""Literals, of which one holds: non-zero integers, negative for "not" (DIMACS)."""


class Premises:
    """Clauses taken as true. ``contradict`` once propagation shows that they cannot all hold."""

    def __init__(self, clauses: Iterable[Clause] = ()) -> None:
        self.contradict = False
        self._true: set[int] = set()
        self._trail: list[int] = []  # the members of _true, in order
        self._watching: dict[int, list[list[int]]] = defaultdict(list)  # by either of a clause's first two literals
        for clause in clauses:
            self.add(clause)

    def add(self, clause: Clause) -> None:
        """Take one more clause as true."""
        literals = sorted(set(clause), key=lambda literal: (-literal in self._true, literal))
        open_ones = [literal for literal in literals if -literal not in self._true]
        if not open_ones:
            self.contradict = True
        elif len(open_ones) == 1:
            # What holds here holds for good: the clause has done all that it ever will.
            self.contradict = self.contradict or not self._propagate(open_ones)
        else:
            for literal in literals[:2]:
                self._watching[literal].append(literals)

    def force(self, clause: Clause) -> bool:
        """Whether a clause follows by reverse unit propagation."""
        if self.contradict:
            return True
        before = len(self._trail)
        consistent = self._propagate([-literal for literal in clause])
        self._true.difference_update(self._trail[before:])
        del self._trail[before:]
        return not consistent

    def _propagate(self, literals: Iterable[int]) -> bool:
        """Make literals true and draw every conclusion; False as soon as a clause has no literal left."""
        done = len(self._trail)
        for literal in literals:
            if -literal in self._true:
                return False
            self._assign(literal)
        while done < len(self._trail):
            if not self._visit(-self._trail[done]):
                return False
            done += 1
        return True

    def _assign(self, literal: int) -> None:
        if literal not in self._true:
            self._true.add(literal)
            self._trail.append(literal)

    def _visit(self, falsified: int) -> bool:
        """Let each clause that watches a literal, now false, watch another one, or give its last."""
        true, waiting = self._true, self._watching[falsified]
        self._watching[falsified] = kept = []
        for place, clause in enumerate(waiting):
            if clause[0] == falsified:
                clause[0], clause[1] = clause[1], falsified
            first = clause[0]
            other = None if first in true else next((at for at in range(2, len(clause)) if -clause[at] not in true), 0)
            if other:
                clause[1], clause[other] = clause[other], falsified
                self._watching[clause[1]].append(clause)
                continue
            kept.append(clause)
            if other == 0:
                if -first in true:
                    kept += waiting[place + 1 :]
                    return False
                self._assign(first)
        return True


def flaw(clauses: Iterable[Clause], proof: Sequence[Clause]) -> str | None:
    """What is wrong with a proof that clauses contradict each other; None if it is one."""
    premises = Premises(clauses)
    for number, lemma in enumerate(proof, start=1):
        if premises.contradict:
            return f"line {number} of its proof comes after the contradiction"
        if not premises.force(lemma):
            return f"line {number} of its proof does not follow"
        premises.add(lemma)
    return None if premises.contradict else "its proof does not end in a contradiction"


def proof_line(lemma: Clause) -> str:
    """A lemma as DRUP has it: ``1 -2 0``."""
    return " ".join(map(str, (*lemma, 0)))


def read_proof_line(text: str) -> Clause:
    """The lemma of a line.

    Raises:
        ValueError: the line is not of that form.
    """
    *literals, end = (int(part) for part in text.split(" "))
    if end != 0 or 0 in literals or proof_line(tuple(literals)) != text:
        raise ValueError(f"{text!r} is not a line of a proof")
    return tuple(literals)
