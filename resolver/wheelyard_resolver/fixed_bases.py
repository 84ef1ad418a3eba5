"""Bases that cannot change: platform runtimes with a pinned list of packages.

What such a base has is given, so no solver is needed: a model fits if the list has what each of its requirement lines
names, and what their extras bring, at versions that are admitted. Whether the list agrees with itself is not looked
into: the runtime is as its maker ships it.
"""

from __future__ import annotations

from dataclasses import dataclass

from wheelyard_resolver.as_built import ExtraMisfit, Misfit, shortfalls
from wheelyard_resolver.index import Index
from wheelyard_resolver.model import AcceptedBase, Fleet
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.verdict import Engine


@dataclass(frozen=True)
class FixedPlacement:
    """A fixed base: its models, what of their lines it does not meet, and the other models that it could host."""

    base: str
    models: tuple[str, ...]
    misfits: tuple[Misfit | ExtraMisfit, ...]
    could_host: tuple[str, ...]


def placements(fleet: Fleet, index: Index, memo: Memo | None = None) -> tuple[FixedPlacement, ...]:
    """The fixed bases of a fleet with their models. The index tells what extras bring.

    Raises:
        Undecided: what an extra brings cannot be read.
    """
    fixed = [base for base in fleet.bases if base.fixed]
    settled = {key for base in fixed for key in base.models}
    engines = {target: Engine.for_fleet(index, fleet, target, memo=memo) for target in fleet.targets()}

    def lacks(key: str, base: AcceptedBase) -> tuple[Misfit | ExtraMisfit, ...]:
        model = models[key]
        return shortfalls(engines[model.target], model, base, [models[other] for other in base.models])

    models = {model.key: model for model in fleet.models}
    others = sorted(models.keys() - settled)
    return tuple(
        FixedPlacement(
            base=base.name,
            models=base.models,
            misfits=tuple(miss for key in models if key in base.models for miss in lacks(key, base)),
            could_host=tuple(key for key in others if not lacks(key, base)),
        )
        for base in fixed
    )
