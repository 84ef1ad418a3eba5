"""May a candidate join a fleet, or take the place of its older release? The level of the answer, and all it rests on.

What is cheap and changes nothing is asked first: its own base as built, its base locked anew, other accepted bases,
and only then a new grouping of the whole fleet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from wheelyard_resolver.findings import Unplaceable
from wheelyard_resolver.hints import ChangeSeveral, Hint, MoveExcludeNewer, Relax, UseRelease, find_hints
from wheelyard_resolver.index import Index
from wheelyard_resolver.join import Host, Joining, join, join_as_built
from wheelyard_resolver.levels import Level
from wheelyard_resolver.model import Fleet, ModelPackage
from wheelyard_resolver.plan import Clock, TargetPlan, never, plan_target, python_misfit, why_unplaceable
from wheelyard_resolver.propose import base_names
from wheelyard_resolver.reading import Memo
from wheelyard_resolver.rebuild import lock_anew
from wheelyard_resolver.snapshot import Recording
from wheelyard_resolver.sufficiency import Sufficiency
from wheelyard_resolver.target import Target
from wheelyard_resolver.verdict import Engine, MinimalConflict, Solution


@dataclass(frozen=True)
class Move:
    """A model that goes from one accepted base to another; ``to`` is None where it is a new one."""

    model: str
    home: str
    to: str | None


@dataclass(frozen=True)
class WayOut:
    """The cheapest way found to spare a new base: with ``hint`` the candidate can live in ``base``, verified."""

    base: str
    hint: Hint


@dataclass(frozen=True)
class Admission:
    """What became of a candidate.

    ``level`` is None if time ran out before it was certain. ``home`` is the accepted base of the release that it
    replaces, ``host`` the base that would take it. Where no bases are ``accepted``, the levels up to "moves" cannot be
    told: ``level`` is then "regroup" at worst. ``fewest_moves``: whether it is proved that no fewer models can move.
    ``before`` and ``after`` are numbers of bases of the candidate's target.
    """

    candidate: ModelPackage
    replaced: ModelPackage | None
    level: Level | None
    accepted: bool
    home: str | None = None
    host: str | None = None
    bases: tuple[Joining, ...] = ()
    moves: tuple[Move, ...] = ()
    fewest_moves: bool = True
    before: int | None = None
    after: int | None = None
    unplaceable: Unplaceable | None = None
    hints: tuple[Hint, ...] = ()
    way_out: WayOut | None = None


def admit(
    fleet: Fleet,
    candidate: ModelPackage,
    index: Index,
    out_of_time: Clock = never,
    memo: Memo | None = None,
    *,
    home: str | None = None,
    sufficiency: Callable[[Target], Sufficiency] | None = None,
) -> Admission:
    """The level of a candidate. ``home`` is the accepted base that it is to live in, if not that of the older release.
    ``sufficiency`` gives what is known of bases on a target from earlier questions about the same index.

    Raises:
        Undecided: something needed could not be read.
        RecheckFailed: an answer did not stand up to the second opinion.
    """
    return _Question(fleet, candidate, index, out_of_time, memo, home, sufficiency).answer()


class _Question:
    def __init__(
        self,
        fleet: Fleet,
        candidate: ModelPackage,
        index: Index,
        out_of_time: Clock,
        memo: Memo | None,
        home: str | None,
        sufficiency: Callable[[Target], Sufficiency] | None,
    ) -> None:
        self._sufficiency = sufficiency
        self._fleet = fleet
        self._candidate = candidate
        self._index = index
        self._out_of_time = out_of_time
        self._memo = memo
        self._engine = Engine.for_fleet(index, fleet, candidate.target, [candidate], memo)
        self._hosts = tuple(_hosts(fleet, candidate, home))
        home = home or next((base.name for base in fleet.bases if candidate.key in base.models), None)
        self._home = home if any(host.name == home for host in self._hosts) else None
        self._nothing_known = Admission(
            candidate, fleet.model(candidate.key), None, accepted=bool(self._hosts), home=self._home
        )

    def answer(self) -> Admission:
        known = self._nothing_known
        if python_misfit(self._engine, self._candidate) is None:
            at_home = self._as_built()
            if at_home is not None:
                return replace(known, level=Level.FITS, host=at_home.base, bases=(at_home,))
        found = why_unplaceable(self._engine, self._candidate)
        if found is not None:
            conflict = MinimalConflict((self._candidate.key,), found.lines)
            hints = find_hints(self._engine, conflict, found.explanation, [self._candidate]) if found.lines else ()
            return replace(known, level=Level.NOT_INSTALLABLE, unplaceable=found, hints=hints)
        return self._among(self._hosts) if self._hosts else self._among_proposed()

    def _as_built(self) -> Joining | None:
        """The base that needs no change: its own; for a new model the first of all."""
        for host in self._hosts:
            if self._home in (None, host.name):
                found = join_as_built(self._engine, self._candidate, host)
                if found is not None and found.as_built:
                    return found
        return None

    def _among(self, hosts: Sequence[Host]) -> Admission:
        """Accepted bases: rebuild, moves, or a new grouping."""
        own = [host for host in hosts if self._home in (None, host.name)]
        found = [join(self._engine, self._index, self._candidate, host) for host in own]
        level = Level.REBUILD
        if not any(joining.possible for joining in found):
            others = [host for host in hosts if host not in own]
            found += [join(self._engine, self._index, self._candidate, host) for host in others]
            level = Level.MOVES
        possible = [joining for joining in found if joining.possible]
        known = replace(self._nothing_known, bases=tuple(found))
        if not possible:
            return self._grouped_anew(known)
        host = min(possible, key=lambda joining: (not joining.as_built, len(joining.changes or ()), joining.base))
        return replace(known, level=level, host=host.base)

    def _among_proposed(self) -> Admission:
        """No accepted bases: could one of the groups that would be proposed take it?"""
        before = self._plan(_without(self._fleet, self._candidate))
        names = base_names()
        hosts = [Host(next(names), group, None) for group in before.groups()]
        found = tuple(join(self._engine, self._index, self._candidate, host) for host in hosts)
        known = replace(self._nothing_known, bases=found)
        host = next((joining.base for joining in found if joining.possible), None)
        if host is not None:
            return replace(known, level=Level.REGROUP, host=host, before=len(hosts), after=len(hosts))
        return self._grouped_anew(known)

    def _grouped_anew(self, known: Admission) -> Admission:
        before = sum(not host.fixed for host in self._hosts)
        enough = self._suffice(before)
        if enough is False and not (before and self._accepted_hold()):
            today = self._plan(self._fleet.planned(), before)
            if not today.grouping.minimal:
                return known
            before = max(before, len(today.grouping.groups))
            enough = self._suffice(before)
        if enough is None:
            return known
        known = replace(known, before=before)
        if not enough:
            # The others go on as they are: one base more, for the candidate alone, is always enough.
            return replace(
                known, level=Level.NEW_BASE, after=before + 1, way_out=_cheapest(known.bases, self._candidate)
            )
        after = self._plan(_with(self._fleet, self._candidate), before)
        if len(after.grouping.groups) > before:
            return known
        self._check_again(after)
        moves = _moves(self._fleet, after, self._candidate)
        fewest = after.moved is None or after.moved.fewest
        return replace(known, level=Level.REGROUP, after=len(after.grouping.groups), moves=moves, fewest_moves=fewest)

    def _suffice(self, bases: int) -> bool | None:
        target = self._candidate.target
        models = [model for model in _with(self._fleet, self._candidate).models if model.target == target]
        with self._resting_on_what_is_known() as known:
            return known.of(models, bases, self._out_of_time)

    def _accepted_hold(self) -> bool:
        """Whether the models of today can live as they do in the accepted bases, so that no more are needed."""
        fleet = self._fleet.planned()
        # In the order of their names: what is read on the way then does not depend on who wrote the fleet down.
        ordered = sorted(fleet.models, key=lambda model: model.key)
        models = [model for model in ordered if model.target == self._candidate.target]
        groups = [[model for model in models if model.key in base.models] for base in fleet.bases]
        hosted = {model.key for group in groups for model in group}
        homeless = [model for model in models if model.key not in hosted]
        with self._resting_on_what_is_known() as known:
            return all(map(known.installs, groups)) and not any(known.installs([model]) for model in homeless)

    @contextmanager
    def _resting_on_what_is_known(self) -> Iterator[Sufficiency]:
        """What is known from earlier questions. Whatever that rests on, this answer does too."""
        target = self._candidate.target
        if self._sufficiency is None:
            known = Sufficiency(self._index, self._fleet, target, self._memo, [self._candidate])
            self._sufficiency = lambda _: known
        known = self._sufficiency(target)
        yield known
        if isinstance(self._index, Recording):
            self._index.rest_on(known.recording.records())

    def _check_again(self, plan: TargetPlan) -> None:
        """Lock every group of a plan, which checks by other code that it can be had."""
        for group in plan.groups():
            solution = plan.engine.together(group)
            assert isinstance(solution, Solution), "the grouping was verified"
            lock_anew(plan.engine, self._index, group, solution)

    def _plan(self, fleet: Fleet, allowed: int = 0) -> TargetPlan:
        return plan_target(fleet, self._index, self._candidate.target, self._out_of_time, self._memo, allowed=allowed)


# -- the fleet with and without the candidate -----------------------------------------------------------------------


def _hosts(fleet: Fleet, candidate: ModelPackage, home: str | None) -> list[Host]:
    """The accepted bases of the candidate's target, by name. Without models, a fixed one counts, and its ``home``."""
    found = []
    for base in sorted(fleet.bases, key=lambda base: base.name):
        models = [model for key in base.models if (model := fleet.model(key)) is not None]
        if all(model.target == candidate.target for model in models) and (models or base.fixed or base.name == home):
            found.append(Host(base.name, tuple(model for model in models if model.key != candidate.key), base))
    return found


def _without(fleet: Fleet, candidate: ModelPackage) -> Fleet:
    planned = fleet.planned()
    return replace(planned, models=tuple(model for model in planned.models if model.key != candidate.key))


def _with(fleet: Fleet, candidate: ModelPackage) -> Fleet:
    others = _without(fleet, candidate)
    return replace(others, models=(*others.models, candidate))


def _moves(fleet: Fleet, plan: TargetPlan, candidate: ModelPackage) -> tuple[Move, ...]:
    homes = {key: base for base in fleet.bases for key in base.models}
    found = []
    for group, base in zip(plan.groups(), plan.accepted, strict=True):
        for model in group:
            home = homes.get(model.key)
            if model.key != candidate.key and home is not None and home is not base:
                found.append(Move(model.key, home.name, None if base is None else base.name))
    return tuple(sorted(found, key=lambda move: move.model))


# -- the cheapest way out -------------------------------------------------------------------------------------------


def _cheapest(found: Sequence[Joining], candidate: ModelPackage) -> WayOut | None:
    """A change of the candidate's own line before one of others, a release that is there already before a new one."""
    ways = [
        (_cost(hint, candidate), joining.base, place, hint)
        for joining in found
        if joining.refusal is not None
        for place, hint in enumerate(joining.refusal.hints)
        if not isinstance(hint, ChangeSeveral)
    ]
    if not ways:
        return None
    _, base, _, hint = min(ways, key=lambda way: way[:3])
    return WayOut(base, hint)


def _cost(hint: Hint, candidate: ModelPackage) -> int:
    if isinstance(hint, UseRelease):
        return 0 if hint.model.key == candidate.key else 2
    if isinstance(hint, Relax):
        return 1 if hint.line.model == candidate.key else 3
    return 5 if isinstance(hint, MoveExcludeNewer) else 4
