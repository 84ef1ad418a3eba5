"""Explanations and hints in words. Nothing else words them: every format says the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatch

from packaging.version import Version

from wheelyard_resolver.explain import Explanation
from wheelyard_resolver.facts import (
    AllRefused,
    DependLikewise,
    Depends,
    Fact,
    NoneFitsAll,
    NoProject,
    NoRelease,
    NotAWheel,
    Required,
    Unusable,
    WrongPython,
)
from wheelyard_resolver.hints import (
    AdmitPreReleases,
    AdmitYanked,
    ChangeSeveral,
    Hint,
    MoveExcludeNewer,
    Relax,
    UseRelease,
)
from wheelyard_resolver.model import RequirementLine
from wheelyard_resolver.pivots import Want

_TOLD = 4
_LISTED = 3
"""Versions that are listed one by one."""


def sentence(found: Explanation) -> str:
    """The whole explanation as one sentence: because of the facts, the conclusion."""
    return f"Because {joined(facts(found))}, {conclusion(found)}."


def conclusion(found: Explanation) -> str:
    """What follows from the facts."""
    if len(found.models) == 1:
        return f"{found.models[0]} cannot be installed on {found.target}"
    return f"{joined(found.models)} cannot be installed together"


def facts(found: Explanation) -> tuple[str, ...]:
    """The facts, one clause each."""
    return tuple(_clauses(found.facts))


def _clauses(told: Sequence[Fact]) -> Iterator[str]:
    before: str | None = None
    for fact in told:
        line = fact.line if isinstance(fact, Required) else None
        if line is not None and line.model is not None and line.model == before:
            yield f"{line.model} also requires {requirement(line)}"
        else:
            yield clause(fact)
        before = line.model if line is not None else before


def chains(found: Explanation) -> str | None:
    """The ways of the lines to the project where they meet, if one leads through another project.

    ``a -> y -> x <- b`` for two, ``a -> y -> x, b -> x, c -> x`` for more.
    """
    if all(len(route.projects) < 2 for route in found.routes):
        return None
    ways = [[route.line.model or "the fleet's constraint", *route.projects] for route in found.routes]
    if len(ways) == 2:
        one, other = ways
        return " <- ".join([" -> ".join(one), *reversed(other[:-1])])
    return ", ".join(" -> ".join(way) for way in ways)


def joined(items: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """ "1 base", "3 bases"."""
    return f"{count} {singular if count == 1 else plural or singular + 's'}"


def owned(model: str, owner: str | None) -> str:
    """A model with its owner, who is to be talked to."""
    return f"{model} (owner: {owner})" if owner else model


def requirement(line: RequirementLine) -> str:
    """A requirement line as its owner wrote it."""
    marker = line.requirement.marker
    return line.text if marker is None else f"{line.text} ; {marker}"


def versions(found: Sequence[Version]) -> str:
    """Versions: a few one by one, more by the first and the last."""
    if len(found) <= _LISTED:
        return joined([str(version) for version in found])
    return f"{found[0]} to {found[-1]} ({len(found)} releases)"


def wanted(want: Want) -> str:
    """What is wanted of a pivot, without its name."""
    ranges = " or ".join(str(demand).removeprefix(demand.project) or "any" for demand in want.demands)
    return ranges + (f" (through {joined(want.through)})" if want.through else "")


# -- facts --------------------------------------------------------------------------------------------------


@singledispatch
def clause(fact: Fact) -> str:
    """A fact as a clause of a sentence."""
    raise AssertionError(f"no words for {fact}")


@clause.register
def _(fact: Required) -> str:
    line = fact.line
    if line.model is None:
        return f"the fleet is constrained to {requirement(line)}" + (f" ({line.reason})" if line.reason else "")
    return f"{owned(line.model, line.owner)} requires {requirement(line)}"


@clause.register
def _(fact: WrongPython) -> str:
    return f"{fact.model} requires Python {fact.requires_python} and {fact.target} has {fact.target.python}"


@clause.register
def _(fact: Depends) -> str:
    asked = f"{fact.project}[{','.join(fact.extras)}]" if fact.extras else fact.project
    wanted = joined([str(demand) for demand in fact.demands])
    if len(fact.versions) == 1:
        only = ", the only release that fits," if fact.every else ""
        return f"{asked} {fact.versions[0]}{only} depends on {wanted}"
    if fact.every:
        return f"every {asked} that fits, {versions(fact.versions)}, depends on {wanted}"
    return f"{asked} {versions(fact.versions)} depend on {wanted}"


@clause.register
def _(fact: DependLikewise) -> str:
    return f"{counted(len(fact.versions), 'other release')} of {fact.project} ({_span(fact.versions)}) depend on " + (
        f"ranges of {joined(fact.others)} that do not fit either" if fact.others else "what cannot be had"
    )


@clause.register
def _(fact: Unusable) -> str:
    return f"{fact.project} {versions(fact.versions)} cannot be used ({fact.reason})"


@clause.register
def _(fact: NoneFitsAll) -> str:
    return f"no release of {fact.project} satisfies all of {joined([str(demand) for demand in fact.demands])}"


@clause.register
def _(fact: NoProject) -> str:
    return f"the index has no project {fact.project}"


@clause.register
def _(fact: NoRelease) -> str:
    newest = f" (the newest usable one is {fact.newest})" if fact.newest is not None else ""
    if not fact.demand.specifier:
        return f"the index lists no release of {fact.demand.project}"
    return f"the index has no release of {fact.demand}{newest}"


@clause.register
def _(fact: NotAWheel) -> str:
    return f"{fact.demand.url} is not a wheel of {fact.demand.project} for {fact.target}"


@clause.register
def _(fact: AllRefused) -> str:
    told = [f"{versions(found)} {_plural(reason, len(found))}" for reason, found in fact.reasons[:_TOLD]]
    return f"no release that {fact.demand} admits can be used ({'; '.join(told)})"


def _span(found: Sequence[Version]) -> str:
    return str(found[0]) if len(found) == 1 else f"{found[0]} to {found[-1]}"


def _plural(reason: str, count: int) -> str:
    if count == 1:
        return reason
    for singular, plural in (("has ", "have "), ("is ", "are "), ("was ", "were "), ("requires ", "require ")):
        if reason.startswith(singular):
            return plural + reason[len(singular) :].replace("a pre-release", "pre-releases")
    return reason


# -- hints --------------------------------------------------------------------------------------------------


@singledispatch
def action(hint: Hint) -> str:
    """A hint as something to do, with what comes of it."""
    raise AssertionError(f"no words for {hint}")


@action.register
def _(hint: Relax) -> str:
    whose = f"{hint.line.model}'s" if hint.line.model is not None else "the fleet's constraint"
    fits = f"{hint.line.project} {hint.version} then fits"
    return f"relax {whose} {requirement(hint.line)} to {requirement(hint.relaxed)}: {fits}"


@action.register
def _(hint: UseRelease) -> str:
    return f"deploy {hint.model.key} {hint.model.version} in place of {hint.replaced}: its requirements fit"


@action.register
def _(hint: AdmitYanked) -> str:
    return f'admit yanked releases of {hint.project}: yanked = ["{hint.project}"] under [fleet.candidates]'


@action.register
def _(hint: AdmitPreReleases) -> str:
    return f'admit pre-releases of {hint.project}: pre-releases = ["{hint.project}"] under [fleet.candidates]'


@action.register
def _(hint: MoveExcludeNewer) -> str:
    return f"move exclude-newer to {hint.limit.isoformat().replace('+00:00', 'Z')}: {hint.project} {hint.version} fits"


@action.register
def _(hint: ChangeSeveral) -> str:
    also = [f"{line.model or 'the fleet'} ({requirement(line)})" for line in hint.also]
    return f"one change is not enough: {joined(also)} {'conflict' if len(also) > 1 else 'cannot be had'} as well"
