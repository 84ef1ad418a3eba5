"""A figure of ours held against another one, with those of peers beside it, all measured in turn."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from alternating import alternating
from request_rates import Unfit
from result_page import Row, load

LONG = 15.0
"""Seconds of one measurement from which on a peer is measured once."""

CLOSELY = 10
"""Times as many rounds where a ratio is close to what is wanted: in rounds of a second it varies by a seventh."""

Measure = Callable[[], float]


@dataclass(frozen=True)
class Wish:
    """What a figure should reach."""

    bound: float
    least: bool = True
    unit: str = ""

    def met(self, value: float) -> bool:
        """Whether this is on the right side."""
        return value >= self.bound if self.least else value <= self.bound

    def __str__(self) -> str:
        return f"at {'least' if self.least else 'most'} {self.bound:g}{self.unit}"


class Comparison:
    """Makes rows, and remembers why peers are missing in some."""

    def __init__(self, peers: Sequence[str], rounds: int) -> None:
        self._peers = peers
        self._rounds = rounds
        self.reasons: list[str] = []

    def row(
        self,
        what: str,
        ours: Measure,
        theirs: Measure,
        wish: Wish,
        *,
        peers: Mapping[str, Measure] | None = None,
        in_turn: bool = True,
        closely: bool = False,
        shown: str = "{:,.0f}",
    ) -> Row:
        """The medians of all rounds; the ratio is the median of the rounds' ratios.

        Peers that are slow are measured once, and so are all of them before the rounds of what is measured
        ``closely``, and after the rounds unless ``in_turn``.
        """
        print(what, file=sys.stderr, flush=True)
        cells: dict[str, str] = {}
        again: dict[str, Callable[[int], float]] = {"ours": lambda _: ours(), "theirs": lambda _: theirs()}
        try:
            ours(), theirs()  # warm
            for name, measure in (peers or {}).items() if in_turn else ():
                started = time.monotonic()
                cells[name] = self._once(what, name, measure, shown)
                if not closely and cells[name] != "-" and time.monotonic() - started < LONG:
                    again[name] = partial(self._repeated, what, name, measure)
            found = alternating(self._rounds * (CLOSELY if closely else 1), again)
        except Unfit as error:
            return self.missing(what, str(error))
        for name, measure in (peers or {}).items() if not in_turn else ():
            cells[name] = self._once(what, name, measure, shown)
        cells |= {name: _cell(found.median(name), shown) for name in again}
        ratio = found.ratio("ours", "theirs")
        return Row(
            what,
            cells["ours"],
            cells["theirs"],
            f"{ratio:.2f} ({wish})",
            met=wish.met(ratio),
            loads=found.loads,
            others=self._others(cells),
        )

    def figure(self, what: str, ours: float, wish: Wish, shown: str, peers: Mapping[str, Measure] | None = None) -> Row:
        """A row that is held against nobody."""
        found = {name: self._tried(what, name, measure) for name, measure in (peers or {}).items()}
        cells = {name: _cell(figure, shown) for name, figure in found.items()}
        others = ("",) * len(self._peers) if peers is None else self._others(cells)
        return Row(what, shown.format(ours), "", str(wish), wish.met(ours), load(), others)

    def missing(self, what: str, reason: str) -> Row:
        """A row that could not be measured at all, which is a miss."""
        self.reasons.append(f"{what}: {reason}")
        return Row(what, "-", "-", "", met=False, loads=load(), others=self._others({}))

    def _others(self, cells: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(cells.get(name, "-") for name in self._peers)

    def _once(self, what: str, name: str, measure: Measure, shown: str) -> str:
        cell = _cell(self._tried(what, name, measure), shown)
        return cell if cell == "-" else f"{cell} (once)"

    def _repeated(self, what: str, name: str, measure: Measure, _: int) -> float:
        return self._tried(what, name, measure)

    def _tried(self, what: str, name: str, measure: Measure) -> float:
        """The figure of a peer; not a number if it has none, which does not end the others' rounds."""
        try:
            return measure()
        except (Unfit, OSError, subprocess.SubprocessError) as error:
            self.reasons.append(f"{what}: {name}: {error}")
            return math.nan


def _cell(figure: float, shown: str) -> str:
    return "-" if math.isnan(figure) else shown.format(figure)
