"""What ``check`` found, as text for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheelyard_cli import finding_text
from wheelyard_resolver.findings import Unplaceable
from wheelyard_resolver.fleet_check import FleetCheck
from wheelyard_resolver.hints import Hint
from wheelyard_resolver.join import Joining
from wheelyard_resolver.model import ModelPackage
from wheelyard_resolver.wording import counted, joined

_SHOWN = 5
"""Conflicts that no pivot sums up, told in full."""


def fleet(found: FleetCheck, *, every_conflict: bool = False) -> Iterator[str]:
    """The findings about a fleet, what fails first; the verdict and what to do next at the end, where it is seen."""
    for item in found.homeless:
        allowed = " (allowed)" if item.allowed else ""
        yield f"{item.finding.model} cannot be installed at all{allowed}"
        yield from finding_text.explanation(item.finding.explanation, item.hints, "  ")
    several = len(found.fleet.targets()) > 1
    for dispute in found.disputes:
        yield from finding_text.dispute(dispute, with_target=several)
    apart = found.apart()
    for conflict in found.conflicts if every_conflict else apart[:_SHOWN]:
        yield f"{joined(conflict.models)} conflict"
        yield from finding_text.explanation(conflict.explanation, indent="  ")
    if len(apart) > _SHOWN and not every_conflict:
        yield f"{counted(len(apart) - _SHOWN, 'more conflict')} of several models: --every-conflict tells them"
    yield _verdict(found)
    if found.disputes and not every_conflict:
        one, other = found.disputes[0].pivot.conflicts[0].models
        yield f"to see why two models conflict, and what would help: wheelyard explain {one} {other}"


def _verdict(found: FleetCheck) -> str:
    placed = len(found.fleet.models) - len(found.homeless)
    of = f" of {len(found.fleet.models)}" if found.homeless else ""
    noun, verb = ("model", "needs") if placed == 1 and not of else ("models", "need")
    verdict = f"{found.fleet.name} ({found.fleet.stage}): {placed}{of} {noun} {verb} {counted(found.at_most, 'base')}"
    if found.at_least == found.at_most:
        verdict += ", fewer is impossible (proved)"
    else:
        verdict += f" (at least {found.at_least}, proved; fewer than {found.at_most} not found)"
    if found.fleet.max_bases is not None:
        verdict += f"; {found.fleet.max_bases} allowed"
    return verdict


def candidate(
    model: ModelPackage, joinings: Sequence[Joining], kind: str, misfit: tuple[Unplaceable, Sequence[Hint]] | None
) -> Iterator[str]:
    """Which bases a candidate can join, and why not the others."""
    if misfit is not None:
        found, hints = misfit
        yield f"{model.key} cannot be installed at all"
        yield from finding_text.explanation(found.explanation, hints, "  ")
        return
    for joining in joinings:
        verb = "can" if joining.refusal is None else "cannot"
        yield f"{model.key} {verb} join {joining.base} ({counted(len(joining.models), 'model')})"
        if joining.refusal is not None:
            yield from finding_text.explanation(joining.refusal.conflict.explanation, joining.refusal.hints, "  ")
    joinable = sum(joining.refusal is None for joining in joinings)
    yield f"{model.key} can join {joinable} of {counted(len(joinings), f'{kind} base')} on {model.target}"
