"""Which bases could take one more model, what that changes in them, and why not the others."""

from __future__ import annotations

from dataclasses import dataclass

from wheelyard_resolver.as_built import ExtraMisfit, Misfit, shortfalls
from wheelyard_resolver.explain import explain
from wheelyard_resolver.findings import Conflict
from wheelyard_resolver.hints import Hint, find_hints
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import AcceptedBase, ModelPackage
from wheelyard_resolver.rebuild import LockChange, lock_anew, lock_changes
from wheelyard_resolver.verdict import Engine, Solution


@dataclass(frozen=True)
class Host:
    """A base that a candidate is held against. ``accepted`` is None for a group that would only be proposed.

    ``models`` are those that live there, without the candidate's older release.
    """

    name: str
    models: tuple[ModelPackage, ...]
    accepted: AcceptedBase | None

    @property
    def fixed(self) -> bool:
        """Whether it can never be locked anew."""
        return self.accepted is not None and self.accepted.fixed


@dataclass(frozen=True)
class Refusal:
    """Why a base cannot take a candidate, and ways out that were tried on all its models."""

    conflict: Conflict
    hints: tuple[Hint, ...]


@dataclass(frozen=True)
class Joining:
    """Whether a candidate can be installed together with the models of one base.

    ``shortfalls`` are what the base as built lacks; None where it is not known how it was built. ``changes`` are what
    locking it anew changes; None where that was not looked into. A base that cannot take the candidate has a
    ``refusal``, or, if it is fixed, its shortfalls say why.
    """

    base: str
    models: tuple[str, ...]
    fixed: bool = False
    shortfalls: tuple[Misfit | ExtraMisfit, ...] | None = None
    changes: tuple[LockChange, ...] | None = None
    refusal: Refusal | None = None

    @property
    def as_built(self) -> bool:
        """Whether the candidate fits without any change."""
        return self.shortfalls == ()

    @property
    def possible(self) -> bool:
        """Whether the base can take the candidate at all."""
        return self.as_built or (not self.fixed and self.refusal is None)


def join_as_built(engine: Engine, candidate: ModelPackage, host: Host) -> Joining | None:
    """The answer for a base whose lock is known, without solving; None where only locking it anew can tell.

    Raises:
        Undecided: what an extra of a line brings cannot be read.
    """
    base = host.accepted
    if base is None or not base.versions:
        return None
    lacks = shortfalls(engine, candidate, base, host.models)
    if lacks and not host.fixed:
        return None
    return Joining(host.name, _keys(host), host.fixed, lacks)


def join(engine: Engine, index: Index, candidate: ModelPackage, host: Host) -> Joining:
    """The answer for a base.

    Raises:
        Undecided: something needed could not be read.
        RecheckFailed: an answer did not stand up to the second opinion.
    """
    known = join_as_built(engine, candidate, host)
    return known or _join_anew(engine, index, candidate, host)


def _join_anew(engine: Engine, index: Index, candidate: ModelPackage, host: Host) -> Joining:
    base = host.accepted
    lacks = None if base is None or not base.versions else shortfalls(engine, candidate, base, host.models)
    company = [candidate, *host.models]
    answer = engine.together(company)
    if isinstance(answer, Solution):
        new = lock_anew(engine, index, company, answer, None if base is None else dict(base.versions))
        changes = None if lacks is None or base is None else lock_changes(engine, company, base, new)
        return Joining(host.name, _keys(host), shortfalls=lacks, changes=changes)
    explanation = explain(engine, answer)
    conflict = Conflict(engine.target, answer.models, answer.lines, explanation)
    refusal = Refusal(conflict, find_hints(engine, answer, explanation, company))
    return Joining(host.name, _keys(host), shortfalls=lacks, refusal=refusal)


def _keys(host: Host) -> tuple[str, ...]:
    return tuple(model.key for model in host.models)
