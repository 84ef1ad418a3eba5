"""A fleet on its own: what stands in its way, and how many bases it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from wheelyard_resolver.findings import Conflict, Unplaceable
from wheelyard_resolver.hints import Hint, find_hints
from wheelyard_resolver.model import Fleet
from wheelyard_resolver.pivots import Pivot
from wheelyard_resolver.plan import TargetPlan, twins_of
from wheelyard_resolver.propose import conflicts_of, pivots_of
from wheelyard_resolver.relief import Relief, find_relief
from wheelyard_resolver.verdict import MinimalConflict

_RELIEVED = 3
"""Pivots, those of most pairs, for which a relief is looked for."""


@dataclass(frozen=True)
class Homeless:
    """A model that cannot be installed at all, ways out that were tried, and whether it is allowed to be."""

    finding: Unplaceable
    hints: tuple[Hint, ...]
    allowed: bool


@dataclass(frozen=True)
class Dispute:
    """A pivot and, where one was looked for and found, what would relieve it most."""

    pivot: Pivot
    relief: Relief | None


@dataclass(frozen=True)
class FleetCheck:
    """The findings about a fleet. The least number of bases lies between ``at_least`` and ``at_most``, proved.

    ``conflicts`` suffice to show the former, and are more: those of two models that demand disjoint ranges all there
    are, up to :data:`~wheelyard_resolver.minimal_conflicts.MOST_DIRECT`; ``disputes`` sum up those that are pairs
    about one project.
    """

    fleet: Fleet
    conflicts: tuple[Conflict, ...]
    disputes: tuple[Dispute, ...]
    homeless: tuple[Homeless, ...]
    at_least: int
    at_most: int

    @property
    def failed(self) -> bool:
        """Whether the fleet's policy fails for certain."""
        limit = self.fleet.max_bases
        return any(not item.allowed for item in self.homeless) or (limit is not None and self.at_least > limit)

    @property
    def proved(self) -> bool:
        """Whether more time could not change whether the policy fails."""
        limit = self.fleet.max_bases
        return self.failed or limit is None or self.at_most <= limit

    def apart(self) -> tuple[Conflict, ...]:
        """The conflicts that no dispute sums up: of three models or more, or about several projects."""
        # By identity: to hash thousands of conflicts with all their facts takes longer than to find them.
        summed_up = {id(conflict) for dispute in self.disputes for conflict in dispute.pivot.conflicts}
        return tuple(conflict for conflict in self.conflicts if id(conflict) not in summed_up)


def check_fleet(fleet: Fleet, plans: Sequence[TargetPlan], allowed: Collection[str] = ()) -> FleetCheck:
    """The findings that plans of a fleet's targets lead to; models in ``allowed`` may be without a base."""
    conflicts = tuple(conflict for plan in plans for conflict in conflicts_of(plan))
    return FleetCheck(
        fleet=fleet,
        conflicts=conflicts,
        disputes=tuple(sorted(_disputes(plans, conflicts), key=lambda item: -item.pivot.pairs)),
        homeless=tuple(_homeless(plan, item, fleet, allowed) for plan in plans for item in plan.unplaceable),
        at_least=sum(plan.grouping.lower_bound for plan in plans),
        at_most=sum(len(plan.grouping.groups) for plan in plans),
    )


def _disputes(plans: Sequence[TargetPlan], conflicts: Sequence[Conflict]) -> Iterator[Dispute]:
    for plan in plans:
        alike = twins_of(plan.engine, plan.models)
        for place, pivot in enumerate(pivots_of(plan, conflicts)):
            yield Dispute(pivot, find_relief(plan.engine, pivot, alike) if place < _RELIEVED else None)


def _homeless(plan: TargetPlan, item: Unplaceable, fleet: Fleet, allowed: Collection[str]) -> Homeless:
    model = fleet.model(item.model)
    assert model is not None, "plans speak of the fleet's models"
    hints: tuple[Hint, ...] = ()
    if item.lines:
        conflict = MinimalConflict((item.model,), item.lines)
        hints = find_hints(plan.engine, conflict, item.explanation, [model])
    return Homeless(item, hints, item.model in allowed)
