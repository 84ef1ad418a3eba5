"""The page that a benchmark prints and keeps: one table, the command that made it, and the machine it was made on."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """A figure of ours, what it is held against, what their ratio should be, and the loads met.

    ``others`` are figures shown beside it that it is not held against.
    """

    what: str
    ours: str
    theirs: str
    ratio: str
    met: bool
    loads: str
    others: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        return (self.what, self.ours, self.theirs, self.ratio, "yes" if self.met else "NO", *self.others, self.loads)


@dataclass(frozen=True)
class Page:
    """A page: ``made`` is what besides the machine the figures depend on, ``notes`` stand above the table.

    ``remarks`` stand below it.
    """

    title: str
    target: str
    made: str
    notes: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    remarks: Sequence[str] = ()

    def __str__(self) -> str:
        lines = [
            f"# {self.title}",
            "",
            f"Written by `{_command(self.target, sys.argv[1:])}`.",
            "",
            f"{machine()}; {self.made}.",
            "",
            self.notes,
            "",
            _line(self.heads),
            f"|{'---|' * len(self.heads)}",
            *map(_line, self.rows),
            *(part for remark in self.remarks for part in ("", remark)),
        ]
        return "\n".join(lines) + "\n"

    def deliver(self, place: Path | None, *, met: bool) -> None:
        """Print the page, keep it if there is a place for it, and end the process: with 1 if a figure is missed."""
        print(self, end="")
        if place is not None:
            place.parent.mkdir(exist_ok=True)
            place.write_text(str(self))
        sys.exit(not met)


def arguments(doc: str, *, rounds: int | None = None) -> argparse.ArgumentParser:
    """A parser with what every benchmark takes; ``rounds`` is the default of ``--rounds``, None: there is none."""
    parser = argparse.ArgumentParser(description=doc.partition("\n")[0])
    if rounds is not None:
        parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--write", type=Path, help="where to put the page, beside printing it")
    return parser


def notes_of(doc: str) -> str:
    """What a module's docstring says after its first line and its usage."""
    return "\n\n".join(doc.strip().split("\n\n")[2:])


def machine() -> str:
    """What the figures were taken on."""
    place = f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python {platform.python_version()}"
    return f"{place}; wheelyard {version('wheelyard')}"


def load() -> str:
    """The load of the last minute, to be printed beside every figure."""
    return f"{os.getloadavg()[0]:.1f}"


def _command(target: str, given: Sequence[str]) -> str:
    # The target gives --write itself.
    own = [word for number, word in enumerate(given) if "--write" not in (word, *given[max(0, number - 1) : number])]
    return f"make {target} BENCH_ARGS={shlex.quote(shlex.join(own))}" if own else f"make {target}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
