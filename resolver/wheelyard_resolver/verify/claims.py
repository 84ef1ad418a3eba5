"""Does ``proposal.json`` claim just what its certificate proves?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from packaging.requirements import InvalidRequirement

from wheelyard_resolver.target import Target
from wheelyard_resolver.verify.document import Table
from wheelyard_resolver.verify.facts import Want, requirement_of
from wheelyard_resolver.verify.locked_base import LockedBase
from wheelyard_resolver.verify.raw_facts import admits_python
from wheelyard_resolver.verify.statement import Statement

SCHEMA = "wheelyard/proposal/1"
FILE_NAME = "proposal.json"


def problems_of(proposal: Table, bases: Sequence[LockedBase], stated: Statement) -> list[str]:
    """Every claim of a proposal that is not what the certificate states, in words."""
    problems = [
        *_head(proposal, stated),
        *_placement(bases, stated),
        *_numbers(proposal, bases, stated),
        *_conflicts(proposal, stated),
    ]
    said = Counter(map(_called_unplaceable, proposal.tables("unplaceable")))
    proved = Counter(item.model for item in stated.unplaceable)
    problems += [f"{key} is called unplaceable, which is not certified" for key in (said - proved).elements()]
    problems += [f"{key} is certified as unplaceable, but not called so" for key in (proved - said).elements()]
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


_Claim = tuple[str, tuple[str, ...], tuple[tuple[str | None, Want], ...]]
"""Target, models and lines of a conflict."""


def _conflicts(proposal: Table, stated: Statement) -> list[str]:
    said, proved = Counter(map(_claimed, proposal.tables("conflicts"))), Counter[_Claim]()
    for found in stated.conflicts:
        lines = [(line.model, Want.of(requirement_of(line.requirement))) for line in found.lines]
        proved[str(found.target), found.models, tuple(lines)] += 1
    problems = [f"a conflict of {_names(models)} is not certified" for _, models, _ in (said - proved).elements()]
    return problems + [f"the conflict of {_names(models)} is missing" for _, models, _ in (proved - said).elements()]


def _claimed(item: Table) -> _Claim:
    lines = tuple(
        (line.text_or_none("model"), line.read("requirement", _want, "a requirement"))
        for line in item.tables("requirements")
    )
    item.texts("because")  # words for people: they must be there, what they say is not certified
    return item.text("target"), item.texts("models"), lines


def _called_unplaceable(item: Table) -> str:
    item.text("reason")  # as above
    return item.text("model")


def _want(text: str) -> Want:
    try:
        return Want.of(requirement_of(text))
    except InvalidRequirement as error:
        raise ValueError(text) from error


def _names(models: Sequence[str]) -> str:
    return " and ".join(models) or "the fleet's constraints"
