"""What became of a candidate, in words and as values for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wheelyard_resolver import finding_text
from wheelyard_resolver.admission import Admission
from wheelyard_resolver.finding_document import lines_document
from wheelyard_resolver.findings import Unplaceable
from wheelyard_resolver.hints import Hint
from wheelyard_resolver.join import Joining
from wheelyard_resolver.levels import NEED_ACCEPTED_BASES, Level
from wheelyard_resolver.model import Fleet, ModelPackage, RequirementLine
from wheelyard_resolver.rebuild import LockChange
from wheelyard_resolver.report import Finding, Place, Report, fingerprint
from wheelyard_resolver.wording import action, counted, joined, sentence


def candidate_report(found: Admission, fleet: Fleet, snapshot: str, fail_on: Level = Level.NEW_BASE) -> Report:
    """The report on a candidate; it fails at the level ``fail_on`` or a worse one."""
    level = found.level
    fails = level is not None and level.at_least_as_bad_as(fail_on)
    return Report(
        verdict=_verdict(found),
        findings=tuple(_findings(found, level, fails=fails)) if level is not None else (),
        proved=level is not None,
        level=level,
        advice=tuple(_advice(found)),
        details=_details(found, fleet, snapshot),
    )


def places(lines: Iterable[RequirementLine], first: str | None = None) -> tuple[Place, ...]:
    """Requirement lines as places, those of the model ``first`` before the others."""
    ordered = sorted(lines, key=lambda line: line.model != first)
    return tuple(Place(line.model, line.text, line.owner, line.origin) for line in ordered)


# -- in words -------------------------------------------------------------------------------------------------------


def _verdict(found: Admission) -> str:
    if found.level is None:
        return f"whether {_named(found)} needs a new base was not proved in time"
    return f"{found.level.value}: {_what_it_takes(found, found.level)}"


def _what_it_takes(found: Admission, level: Level) -> str:
    name, host = _named(found), found.host
    if level is Level.FITS:
        return f"{name} fits into {host} as it is built"
    if level is Level.REBUILD:
        return f"{name} fits into {host} when that is locked and built anew{_how_many(found)}"
    if level is Level.MOVES:
        how = " as it is built" if _host(found).as_built else f" when that is locked and built anew{_how_many(found)}"
        return f"{name} fits into {host}{how}, no longer into {found.home}"
    if level is Level.REGROUP and not found.accepted:
        return f"{name} can live in {f'the proposed {host}' if host else 'a new grouping'}, no more bases are needed"
    if level is Level.REGROUP:
        moving = f"{counted(len(found.moves), 'other model')} {'moves' if len(found.moves) == 1 else 'move'}"
        moving += "" if found.fewest_moves else " (not proved least)"
        return f"{name} fits if {moving}; {counted(found.after or 0, 'base')} will do, as {_today(found)}"
    if level is Level.NEW_BASE:
        return f"{name} needs one more base: {found.after} instead of {found.before}"
    return f"{name} cannot be installed on {found.candidate.target}"


def _today(found: Admission) -> str:
    return f"{found.before} today" if found.before != found.after else "today"


def _named(found: Admission) -> str:
    if found.replaced is None:
        return found.candidate.key
    return f"{found.candidate.key} {found.candidate.version} (in place of {found.replaced.version})"


def _how_many(found: Admission) -> str:
    changes = _host(found).changes
    return "" if changes is None else f" ({counted(len(changes), 'package')} {_change(len(changes))})"


def _change(count: int) -> str:
    return "changes" if count == 1 else "change"


def _host(found: Admission) -> Joining:
    return next(joining for joining in found.bases if joining.base == found.host)


def _advice(found: Admission) -> Iterator[str]:
    if not found.accepted and found.level is not Level.NOT_INSTALLABLE:
        unknown = joined([level.value for level in NEED_ACCEPTED_BASES])
        yield f"whether the level is {unknown.replace(' and ', ' or ')} is unknown: the fleet has no accepted bases"
    if found.way_out is not None:
        yield f"cheapest way out: {action(found.way_out.hint)}, and {found.way_out.base} takes it"


# -- findings -------------------------------------------------------------------------------------------------------


def _findings(found: Admission, level: Level, *, fails: bool) -> Iterator[Finding]:
    if found.unplaceable is not None:
        yield not_installable(found.unplaceable, found.hints, fails=fails)
    elif level is Level.REGROUP and not found.accepted:
        if fails:
            yield _alone(found, level, f"whether {found.candidate.key} fits without changes is unknown")
    elif level is Level.NEW_BASE and not found.bases:
        target = found.candidate.target
        yield _alone(found, level, f"no base on {target} is there for {found.candidate.key}", fails=fails)
    elif level is not Level.FITS:
        yield from _of_bases(found, level, fails=fails)


def _alone(found: Admission, level: Level, title: str, *, fails: bool = True) -> Finding:
    """A finding about no base in particular."""
    name = fingerprint(level.value, found.candidate.key, str(found.candidate.target))
    return Finding(level.value, name, title, places=places(found.candidate.lines[:1]), fails=fails)


def _of_bases(found: Admission, level: Level, *, fails: bool) -> Iterator[Finding]:
    for joining in found.bases:
        if not joining.possible:
            yield _refused(joining, found.candidate, level, fails=fails)
    if level is Level.REGROUP:
        yield _moves(found, fails=fails)
    elif found.host is not None and not _host(found).as_built:
        yield _rebuilt(_host(found), found.candidate, level, fails=fails)


def not_installable(item: Unplaceable, hints: Sequence[Hint], *, fails: bool, known: str | None = None) -> Finding:
    """A model that nothing on its target can host."""
    return Finding(
        rule=Level.NOT_INSTALLABLE.value,
        fingerprint=item.fingerprint,
        title=f"{item.model} cannot be installed at all",
        text=tuple(finding_text.explanation(item.explanation)),
        hints=tuple(action(hint) for hint in hints),
        places=places(item.lines, item.model),
        fails=fails,
        known=known,
    )


def _refused(joining: Joining, candidate: ModelPackage, level: Level, *, fails: bool) -> Finding:
    title = f"{candidate.key} cannot join {joining.base} ({counted(len(joining.models), 'model')})"
    refusal = joining.refusal
    if refusal is None:
        lacks = joining.shortfalls or ()
        lines = [shortfall.line for shortfall in lacks]
        told = tuple(str(shortfall) for shortfall in lacks)
        name = fingerprint("fixed", candidate.key, joining.base, sorted(told))
        return Finding(level.value, name, f"{title}, which cannot change", told, (), places(lines), fails)
    return Finding(
        rule=level.value,
        fingerprint=refusal.conflict.fingerprint,
        title=title,
        text=tuple(finding_text.explanation(refusal.conflict.explanation)),
        hints=tuple(action(hint) for hint in refusal.hints),
        places=places(refusal.conflict.lines, candidate.key),
        fails=fails,
    )


def _moves(found: Admission, *, fails: bool) -> Finding:
    told = tuple(f"{move.model} moves from {move.home} to {move.to or 'a new base'}" for move in found.moves)
    return Finding(
        rule=Level.REGROUP.value,
        fingerprint=fingerprint("regroup", found.candidate.key, told),
        title=f"other models make room for {found.candidate.key}",
        text=told,
        places=places(found.candidate.lines[:1]),
        fails=fails,
    )


def _rebuilt(host: Joining, candidate: ModelPackage, level: Level, *, fails: bool) -> Finding:
    told = tuple(_told(change) for change in host.changes or ())
    if host.shortfalls is None:
        lacking: tuple[str, ...] = ("its lock is not known: whether it would do as it is built cannot be told",)
    else:
        lacking = tuple(str(shortfall) for shortfall in host.shortfalls)
    lines = {id(shortfall.line): shortfall.line for shortfall in host.shortfalls or ()}
    return Finding(
        rule=level.value,
        fingerprint=fingerprint("rebuild", candidate.key, host.base, told),
        title=f"{host.base} must be locked and built anew for {candidate.key}",
        text=(*lacking, *told),
        places=places(lines.values()),
        fails=fails,
    )


def _told(change: LockChange) -> str:
    seen = f" ({joined(change.seen_by)})" if change.seen_by else ""
    if change.before is None:
        return f"+ {change.name} {change.after}{seen}"
    if change.after is None:
        return f"- {change.name} {change.before}{seen}"
    return f"~ {change.name} {change.before} -> {change.after}{seen}"


# -- for programs ---------------------------------------------------------------------------------------------------


def _details(found: Admission, fleet: Fleet, snapshot: str) -> dict[str, object]:
    way_out = found.way_out
    return {
        "fleet": fleet.name,
        "stage": fleet.stage,
        "snapshot": snapshot,
        "candidate": {
            "name": found.candidate.key,
            "version": str(found.candidate.version),
            "replaces": None if found.replaced is None else str(found.replaced.version),
            "requirements": [line.text for line in found.candidate.lines],
        },
        "installable": found.unplaceable is None,
        "reason": None if found.unplaceable is None else sentence(found.unplaceable.explanation),
        "hints": [action(hint) for hint in found.hints],
        "unknown": [] if found.accepted else [level.value for level in NEED_ACCEPTED_BASES],
        "home": found.home,
        "host": found.host,
        "bases_needed": {"before": found.before, "after": found.after},
        "bases": [_joining(joining, accepted=found.accepted) for joining in found.bases],
        "moves": [{"model": move.model, "from": move.home, "to": move.to} for move in found.moves],
        "fewest_moves": found.fewest_moves,
        "way_out": None if way_out is None else {"base": way_out.base, "hint": action(way_out.hint)},
    }


def _joining(joining: Joining, *, accepted: bool) -> dict[str, object]:
    refusal = joining.refusal
    conflict = None
    if refusal is not None:
        conflict = {
            "fingerprint": refusal.conflict.fingerprint,
            "models": list(refusal.conflict.models),
            "requirements": lines_document(refusal.conflict.lines),
            "because": sentence(refusal.conflict.explanation),
            "hints": [action(hint) for hint in refusal.hints],
        }
    return {
        "name": joining.base,
        "kind": "accepted" if accepted else "proposed",
        "models": list(joining.models),
        "joins": joining.possible,
        "as_built": joining.as_built if accepted else None,
        "lacks": None if joining.shortfalls is None else [str(shortfall) for shortfall in joining.shortfalls],
        "changes": None if joining.changes is None else [_changed(change) for change in joining.changes],
        "conflict": conflict,
    }


def _changed(change: LockChange) -> dict[str, object]:
    return {
        "name": change.name,
        "before": None if change.before is None else str(change.before),
        "after": None if change.after is None else str(change.after),
        "models": list(change.seen_by),
    }
