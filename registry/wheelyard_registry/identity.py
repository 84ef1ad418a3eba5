"""Who is asking, and what they may do.

A right is held over projects named by shell-style patterns of normalised names. Whoever holds a right over a project
may also read it; ``admin`` stands for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from packaging.utils import NormalizedName

ALL_PROJECTS = "*"


class Right(str, Enum):
    """What may be done to a project."""

    READ = "read"
    UPLOAD = "upload"
    YANK = "yank"
    CREATE = "create"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights over the projects that one of the patterns matches."""

    rights: frozenset[Right]
    projects: tuple[str, ...] = (ALL_PROJECTS,)

    def holds(self, right: Right) -> bool:
        """Whether the right is among these, itself or by implication."""
        return right in self.rights or Right.ADMIN in self.rights or (right is Right.READ and bool(self.rights))

    def covers(self, right: Right, project: NormalizedName) -> bool:
        """Whether the right is held over this project."""
        return self.holds(right) and any(fnmatchcase(project, pattern) for pattern in self.projects)

    @property
    def everywhere(self) -> bool:
        """Whether it speaks of all projects."""
        return ALL_PROJECTS in self.projects


@dataclass(frozen=True, slots=True)
class Identity:
    """The sender of a request.

    ``name`` is how the audit log knows it: ``token:<id>``, ``user:<name>``. ``within`` bounds the grants: a token of a
    user can never do more than its user can do now. ``user`` is the person behind it, and ``groups`` are the person's.
    """

    name: str
    grants: tuple[Grant, ...]
    within: tuple[Grant, ...] | None = None
    user: str | None = None
    groups: tuple[str, ...] = ()

    def may(self, right: Right, project: NormalizedName) -> bool:
        """Whether it holds the right over this project."""
        return all(any(grant.covers(right, project) for grant in grants) for grants in self._bounds())

    def may_somewhere(self, right: Right) -> bool:
        """Whether it holds the right over any project at all."""
        return all(any(grant.holds(right) for grant in grants) for grants in self._bounds())

    def may_everywhere(self, right: Right) -> bool:
        """Whether it holds the right over every project: what is not about one project asks for this."""
        return all(any(grant.everywhere and grant.holds(right) for grant in grants) for grants in self._bounds())

    def _bounds(self) -> Iterable[tuple[Grant, ...]]:
        return (self.grants,) if self.within is None else (self.grants, self.within)


ANONYMOUS_READER = Identity("anonymous", (Grant(frozenset({Right.READ})),))
"""Whoever sends no credentials, where reading needs none."""
