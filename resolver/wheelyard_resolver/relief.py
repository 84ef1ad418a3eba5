"""The one line whose change would end most conflicts over a project, tried on every pair."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from wheelyard_resolver.hints import Relax, installs, relaxation
from wheelyard_resolver.model import ModelPackage, RequirementLine
from wheelyard_resolver.pivots import Pivot
from wheelyard_resolver.verdict import Engine

_RANGES_TRIED = 3


@dataclass(frozen=True)
class Relief:
    """With this change the line's model can be installed with each of ``freed``; without, with none of ``blocked``."""

    change: Relax
    freed: tuple[str, ...]
    blocked: tuple[str, ...]


def find_relief(engine: Engine, pivot: Pivot, alike: Sequence[Sequence[ModelPackage]]) -> Relief | None:
    """The widest relief for the model that blocks most others over a pivot; None if none was found.

    ``alike`` are the models of the target, those with the same requirement lines together.
    """
    twins = {model.key: same for same in alike for model in same}
    blocking: dict[RequirementLine, list[str]] = {}
    for conflict in pivot.conflicts:
        for line in conflict.lines:
            blocking.setdefault(line, []).extend(key for key in conflict.models if key != line.model)
    ranked = {line: sum(len(twins[other]) for other in others) for line, others in blocking.items()}
    line = min(ranked, key=lambda item: (-ranked[item], str(item.model), item.text))
    others = blocking[line]
    best: Relief | None = None
    for change in _changes(engine, line, twins, others):
        freed = {other for other in others if _frees(engine, change, twins, other)}
        found = Relief(change, _keys(twins, freed), _keys(twins, others))
        if best is None or len(found.freed) > len(best.freed):
            best = found
    return best


def _keys(twins: Mapping[str, Sequence[ModelPackage]], representatives: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(model.key for key in representatives for model in twins[key]))


def _changes(
    engine: Engine, line: RequirementLine, twins: Mapping[str, Sequence[ModelPackage]], others: Iterable[str]
) -> list[Relax]:
    """Different ranges that are a way out with one of the others."""
    found: dict[str, Relax] = {}
    for other in others:
        change = relaxation(engine, line, [_model(twins, line.model), _model(twins, other)])
        if change is not None:
            found.setdefault(str(change.relaxed.requirement), change)
        if len(found) == _RANGES_TRIED:
            break
    return list(found.values())


def _frees(engine: Engine, change: Relax, twins: Mapping[str, Sequence[ModelPackage]], other: str) -> bool:
    own = _model(twins, change.line.model).lines
    changed = [change.relaxed if line is change.line else line for line in own]
    return installs(engine, (*changed, *_model(twins, other).lines))


def _model(twins: Mapping[str, Sequence[ModelPackage]], key: str | None) -> ModelPackage:
    assert key is not None, "a pair's lines are its models'"
    return next(model for model in twins[key] if model.key == key)
