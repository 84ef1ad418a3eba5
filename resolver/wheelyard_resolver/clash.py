"""Why some models of a fleet cannot be installed together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from wheelyard_resolver.explain import Explanation, explain
from wheelyard_resolver.hints import Hint, find_hints
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.plan import why_unplaceable
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution

Reason: TypeAlias = tuple[Explanation, tuple[Hint, ...]]


def why_apart(engine: Engine, models: Sequence[ModelPackage]) -> tuple[Reason, ...]:
    """Why models of one target cannot be installed together, with ways out; empty if they can.

    Those that cannot be installed at all are told each; a conflict among models only if there are none.
    """
    reasons: list[Reason] = []
    for model in models:
        found = why_unplaceable(engine, model)
        if found is not None:
            conflict = MinimalConflict((model.key,), found.lines)
            reasons.append((found.explanation, find_hints(engine, conflict, found.explanation, [model])))
    if reasons:
        return tuple(reasons)
    answer = engine.together(models)
    if isinstance(answer, Solution):
        return ()
    explanation = explain(engine, answer)
    return ((explanation, find_hints(engine, answer, explanation, models)),)
