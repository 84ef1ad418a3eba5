"""Does ``proposal.json`` claim just what its certificate proves?"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from packaging.requirements import InvalidRequirement

from wheelyard_resolver.target import Target
from wheelyard_resolver.verify.document import Table
from wheelyard_resolver.verify.facts import Want, requirement_of
from wheelyard_resolver.verify.locked_base import LockedBase
from wheelyard_resolver.verify.raw_facts import admits_python
from wheelyard_resolver.verify.statement import StatedLine, Statement

SCHEMA = "wheelyard/proposal/1"
FILE_NAME = "proposal.json"


def problems_of(proposal: Table, bases: Sequence[LockedBase], stated: Statement) -> list[str]:
    """Every claim of a proposal that is not what the certificate states, in words."""
    problems = [
        *_head(proposal, stated),
        *_placement(bases, stated),
        *_numbers(proposal, bases, stated),
        *_findings(proposal, stated),
    ]
    return [f"{FILE_NAME}: {problem}" for problem in problems]


def _head(proposal: Table, stated: Statement) -> list[str]:
    wanted = {"fleet": stated.fleet.name, "stage": stated.fleet.stage, "snapshot": stated.snapshot}
    return [
        f"its {key} is {proposal.text(key)}, its certificate's is {value}"
        for key, value in wanted.items()
        if proposal.text(key) != value
    ]


def _placement(bases: Sequence[LockedBase], stated: Statement) -> list[str]:
    """Every model is in one base of its target, or unplaceable."""
    problems = [f"{name} is there twice" for name, count in Counter(base.name for base in bases).items() if count > 1]
    places: dict[str, list[str]] = {item.model: ["no base"] for item in stated.unplaceable}
    for base in bases:
        if not base.models:
            problems.append(f"{base.name} hosts no model")
        for key in base.models:
            places.setdefault(key, []).append(base.name)
            if key not in stated.fleet.models:
                problems.append(f"{base.name} hosts {key}, which is no model of the fleet")
                continue
            model = stated.fleet.models[key]
            if model.target != base.target:
                problems.append(f"{base.name} hosts {key}, which is for {model.target}")
            elif not admits_python(model.requires_python, base.target):
                problems.append(f"{base.name} hosts {key}, which requires Python {model.requires_python}")
    problems += [f"{key} is in {' and '.join(found)}" for key, found in places.items() if len(found) > 1]
    return problems + [f"{key} is nowhere" for key in stated.fleet.models if key not in places]


def _numbers(proposal: Table, bases: Sequence[LockedBase], stated: Statement) -> list[str]:
    """The least number of bases is what the bounds of all targets make it."""
    targets = Counter(model.target for model in stated.fleet.models.values())
    bounds = {bound.target: bound.at_least for bound in stated.bounds}
    problems = []
    if bounds.keys() != targets.keys() or len(bounds) != len(stated.bounds):
        problems.append("the certificate does not have one bound for each target")
    least = sum(bounds.values())
    if proposal.number("lower_bound") != least:
        problems.append(f"it says that {proposal.number('lower_bound')} bases are needed, {least} is certified")
    used: Counter[Target] = Counter(base.target for base in bases)
    minimal = all(used[target] == at_least for target, at_least in bounds.items())
    if proposal.flag("minimal") != minimal:
        problems.append(f"it says that its bases are {'' if proposal.flag('minimal') else 'not '}the fewest possible")
    return problems


class _Claim(NamedTuple):
    """A conflict of models on a target, or (one model) that it has no place; the lines that it rests on."""

    kind: str
    fingerprint: str
    target: str
    models: tuple[str, ...]
    lines: tuple[tuple[str | None, Want], ...]

    def __str__(self) -> str:
        names = " and ".join(self.models) or "the fleet's constraints"
        return f"{names}, {self.kind}"


def _findings(proposal: Table, stated: Statement) -> list[str]:
    """Conflicts and models without a place are told just as they are certified.

    The words about them (because, reason, chains, pivots, and who owns a line) are for people, and are not read.
    """
    said, proved = Counter(_said(proposal, stated)), Counter(_proved(stated))
    problems = [f"{claim}: this is said, but not certified" for claim in (said - proved).elements()]
    return problems + [f"{claim}: this is certified, but not said" for claim in (proved - said).elements()]


def _said(proposal: Table, stated: Statement) -> Iterator[_Claim]:
    for item in proposal.tables("conflicts"):
        yield _said_claim("conflict", item, item.text("target"), item.texts("models"))
    for item in proposal.tables("unplaceable"):
        model = stated.fleet.models.get(item.text("model"))
        target = "" if model is None else str(model.target)
        yield _said_claim("unplaceable", item, target, (item.text("model"),))


def _proved(stated: Statement) -> Iterator[_Claim]:
    for found in stated.conflicts:
        yield _proved_claim("conflict", found.target, found.models, found.lines)
    for item in stated.unplaceable:
        model = stated.fleet.models.get(item.model)
        if model is not None:
            lines = () if item.refutation is None else item.refutation.lines
            yield _proved_claim("unplaceable", model.target, (model.key,), lines)


def _said_claim(kind: str, item: Table, target: str, models: tuple[str, ...]) -> _Claim:
    lines = tuple(
        (line.text_or_none("model"), line.read("requirement", _want, "a requirement"))
        for line in item.tables("requirements")
    )
    return _Claim(kind, item.text("fingerprint"), target, models, lines)


def _proved_claim(kind: str, target: Target, models: tuple[str, ...], lines: Sequence[StatedLine]) -> _Claim:
    named = sorted((line.model or "", line.requirement) for line in lines)
    content = json.dumps([kind, str(target), sorted(models), named])
    fingerprint = hashlib.sha256(content.encode()).hexdigest()[:16]
    wants = tuple((line.model, _want(line.requirement)) for line in lines)
    return _Claim(kind, fingerprint, str(target), models, wants)


def _want(text: str) -> Want:
    try:
        return Want.of(requirement_of(text))
    except InvalidRequirement as error:
        raise ValueError(text) from error
