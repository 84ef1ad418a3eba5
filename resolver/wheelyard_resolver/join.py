"""Which bases could take one more model, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wheelyard_resolver.explain import explain
from wheelyard_resolver.findings import Conflict
from wheelyard_resolver.hints import Hint, find_hints
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.verdict import Engine, Solution


@dataclass(frozen=True)
class Refusal:
    """Why a base cannot take a candidate, and ways out that were tried on all its models."""

    conflict: Conflict
    hints: tuple[Hint, ...]


@dataclass(frozen=True)
class Joining:
    """Whether a candidate can be installed together with the models of one base; ``refusal`` is None if so."""

    base: str
    models: tuple[str, ...]
    refusal: Refusal | None


def joinings(
    engine: Engine, candidate: ModelPackage, bases: Sequence[tuple[str, Sequence[ModelPackage]]]
) -> tuple[Joining, ...]:
    """The answer for each base, given by name and models.

    An older release of the candidate (same name and slot) among them makes room for it.
    """
    found = []
    for name, members in bases:
        others = [model for model in members if model.key != candidate.key]
        company = [candidate, *others]
        answer = engine.together(company)
        refusal = None
        if not isinstance(answer, Solution):
            explanation = explain(engine, answer)
            conflict = Conflict(engine.target, answer.models, answer.lines, explanation)
            refusal = Refusal(conflict, find_hints(engine, answer, explanation, company))
        found.append(Joining(name, tuple(model.key for model in others), refusal))
    return tuple(found)
