"""Several things measured in turn, round by round, so that what else the machine does meets all of them alike."""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from result_page import load


@dataclass(frozen=True)
class Rounds:
    """What was measured: the figures of each thing by round, and the load before each round."""

    figures: Mapping[str, Sequence[float]]
    load: Sequence[str]

    def median(self, name: str) -> float:
        """The median of one thing; not a number if one of its figures is none."""
        figures = self.figures[name]
        return math.nan if any(map(math.isnan, figures)) else statistics.median(figures)

    def ratio(self, name: str, other: str) -> float:
        """The median of the rounds' ratios: each is of two figures taken one right after the other."""
        pairs = zip(self.figures[name], self.figures[other], strict=True)
        return statistics.median(first / second for first, second in pairs)

    @property
    def loads(self) -> str:
        """The loads met, as tables show them."""
        low, high = min(self.load, key=float), max(self.load, key=float)
        return low if low == high else f"{low} to {high}"


def alternating(rounds: int, measures: Mapping[str, Callable[[int], float]]) -> Rounds:
    """Call each measure with the number of the round, in turn; say on stderr what came out."""
    figures: dict[str, list[float]] = {name: [] for name in measures}
    loads = []
    for number in range(rounds):
        loads.append(load())
        for name, measure in measures.items():
            figures[name].append(measure(number))
        shown = ", ".join(f"{name} {_said(values[-1])}" for name, values in figures.items())
        print(f"  round {number + 1}: {shown} (load {loads[-1]})", file=sys.stderr, flush=True)
    return Rounds(figures, loads)


def _said(figure: float) -> str:
    return f"{figure:,.1f}" if figure >= 10 else f"{figure:.3f}"
