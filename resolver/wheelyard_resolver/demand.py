"""What is demanded of a project, and by whom."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

_OPERATORS = ("===", "==", "~=", ">=", ">", "!=", "<=", "<")


def written(name: str, extras: Collection[str], specifier: SpecifierSet, url: str | None = None) -> str:
    """A requirement as people write it: the lower bound first (packaging sorts ``<2,>=1``)."""
    clauses = sorted(specifier, key=lambda clause: (_OPERATORS.index(clause.operator), clause.version))
    bracket = f"[{','.join(sorted(extras))}]" if extras else ""
    return f"{name}{bracket}{f' @ {url}' if url else ','.join(map(str, clauses))}"


@dataclass(frozen=True, slots=True)
class Demand:
    """A requirement without its marker: what is demanded of one project."""

    project: NormalizedName
    specifier: str
    extras: frozenset[NormalizedName]
    url: str | None = None

    @classmethod
    def of(cls, requirement: Requirement) -> Demand:
        """The demand of a requirement; its marker is the caller's business."""
        return cls(
            project=canonicalize_name(requirement.name),
            specifier=str(requirement.specifier),
            extras=frozenset(canonicalize_name(extra) for extra in requirement.extras),
            url=requirement.url,
        )

    def __str__(self) -> str:
        return written(self.project, self.extras, SpecifierSet(self.specifier), self.url)


class Unit(NamedTuple):
    """What is expanded at once: the dependencies of a candidate (by position), plain or of one extra."""

    project: NormalizedName
    position: int
    extra: NormalizedName | None = None
