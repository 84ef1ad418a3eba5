"""The facts of an index on one target that a refutation speaks of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name


@cache
def requirement_of(text: str) -> Requirement:
    """A requirement as text, parsed once: the same lines stand in hundreds of places. Never mutated.

    Raises:
        InvalidRequirement: it is none.
    """
    return Requirement(text)


@dataclass(frozen=True, order=True)
class Want:
    """A requirement without its marker. ``specifier`` is in the spelling of packaging, ``extras`` are sorted."""

    project: NormalizedName
    specifier: str
    extras: tuple[NormalizedName, ...] = ()
    url: str = ""

    @classmethod
    def of(cls, requirement: Requirement) -> Want:
        """What a requirement wants; whether its marker holds is for others to say."""
        extras = sorted({canonicalize_name(extra) for extra in requirement.extras})
        name, specifier = canonicalize_name(requirement.name), str(requirement.specifier)
        return cls(name, specifier, tuple(extras), requirement.url or "")

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.project}{extras}{f' @ {self.url}' if self.url else self.specifier}"


class Facts(Protocol):
    """What is true of the candidates of each project, oldest first: they are called by their positions.

    The certificate's writer has these facts from the engine, the verifier from the raw pages and METADATA.
    """

    def count(self, project: NormalizedName) -> int:
        """The number of candidates; 0 as well for a project that does not exist."""
        ...

    def admitted(self, want: Want) -> Sequence[int]:
        """The positions of the candidates that a want admits, ascending."""
        ...

    def wants(self, project: NormalizedName, position: int, extra: NormalizedName | None) -> Collection[Want] | None:
        """What a candidate wants in any case (``extra`` None), or what one extra adds; None if that is unusable."""
        ...
