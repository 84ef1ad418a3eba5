"""Where in a repository a finding belongs: paths as CI servers want them, relative to its root."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from wheelyard_resolver.report import Finding, Place


@dataclass(frozen=True)
class Spot:
    """A line of a file, and the requirement that stands there (None: the finding as a whole belongs there)."""

    path: str
    line: int
    place: Place | None = None


@dataclass(frozen=True)
class Repository:
    """What is checked out: its root, and the file that findings belong to whose lines are in no file."""

    root: Path
    anchor: Path

    def spots(self, finding: Finding) -> tuple[Spot, ...]:
        """The lines that a finding is about, those nearest to the candidate first; the anchor if there are none."""
        where = [(place, place.file_line) for place in finding.places]
        files = {line[0] for _, line in where if line is not None}
        relative = {file: self._relative(Path(file)) for file in files}
        found = [Spot(relative[line[0]], line[1], place) for place, line in where if line is not None]
        own = self._relative(self.anchor)
        return tuple(sorted(found, key=lambda spot: spot.path != own)) or (Spot(own, 1),)

    def _relative(self, path: Path) -> str:
        absolute = Path(os.path.normpath(path.absolute()))
        if absolute.is_relative_to(self.root):
            return absolute.relative_to(self.root).as_posix()
        return path.as_posix()
