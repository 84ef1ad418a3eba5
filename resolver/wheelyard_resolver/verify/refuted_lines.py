"""Is a conflict, or a model that no environment can host, refuted as its certificate says?"""

from __future__ import annotations

from collections.abc import Sequence

from wheelyard_resolver.verify import refutation, rup
from wheelyard_resolver.verify.evidence import RefutedEvidence
from wheelyard_resolver.verify.facts import Want, requirement_of
from wheelyard_resolver.verify.raw_facts import RawFacts, admits_python
from wheelyard_resolver.verify.refutation import Origin
from wheelyard_resolver.verify.statement import StatedFleet, StatedOrigin, StatedRefutation, StatedUnplaceable


def problems_of(stated: StatedRefutation, fleet: StatedFleet, facts: RawFacts) -> list[str]:
    """Everything that is wrong with a refutation of lines, in words."""
    problems = _line_problems(stated, fleet, facts)
    if not problems:
        try:
            origins = [origin for item in stated.origins for origin in _derived(item, facts)]
            twice = len(set(origins)) != len(origins)
            problems = ["it names an origin twice"] if twice else _proof_problems(stated, origins, facts)
        except RefutedEvidence as problem:
            problems = [str(problem)]
    return [f"{stated.place}: {problem}" for problem in problems]


def problems_of_unplaceable(stated: StatedUnplaceable, fleet: StatedFleet, facts: RawFacts) -> list[str]:
    """Everything that is wrong with the claim that a model has no place, in words."""
    model = fleet.models[stated.model]
    if stated.refutation is not None:
        others = [key for key in stated.refutation.models if key != model.key]
        if others:
            return [f"{stated.refutation.place}: {model.key} is refuted by lines of {', '.join(others)}"]
        return problems_of(stated.refutation, fleet, facts)
    if stated.requires_python != model.requires_python:
        return [
            f"{model.key} requires Python {model.requires_python or 'of any version'}, not {stated.requires_python}"
        ]
    if admits_python(model.requires_python, model.target):
        return [f"{model.key} requires Python {model.requires_python}, and its target has {model.target.python}"]
    return []


def _line_problems(stated: StatedRefutation, fleet: StatedFleet, facts: RawFacts) -> list[str]:
    problems = [] if len(set(stated.lines)) == len(stated.lines) else ["it names a line twice"]
    for line in stated.lines:
        if line.model is None:
            if line.requirement not in fleet.constraints:
                problems.append(f"{line.requirement} is no constraint of the fleet")
        elif line.model not in fleet.models:
            problems.append(f"{line.model} is no model of the fleet")
        elif fleet.models[line.model].target != stated.target:
            problems.append(f"{line.model} is not for {stated.target}")
        elif line.requirement not in fleet.models[line.model].requires:
            problems.append(f"{line.requirement} is no line of {line.model}")
        if not facts.applies(requirement_of(line.requirement)):
            problems.append(f"the marker of {line.requirement} does not hold on {stated.target}")
    return problems


def _derived(stated: StatedOrigin, facts: RawFacts) -> list[Origin]:
    """The origins of clauses that a stated one stands for, each looked up in the METADATA.

    Raises:
        RefutedEvidence: the METADATA, or the page, say otherwise.
    """
    name = f"{stated.project} {stated.version}"
    places = [
        place
        for place, release in enumerate(facts.releases(stated.project))
        if (str(release.version), release.wheel.filename) == (stated.version, stated.wheel)
    ]
    if len(places) != 1:
        raise RefutedEvidence(f"{name} with {stated.wheel} is not a candidate")
    found = facts.wants(stated.project, places[0], stated.extra)
    if stated.demands is None:
        if found is not None:
            raise RefutedEvidence(f"{name} is usable")
        return [Origin(stated.project, places[0], stated.extra, None)]
    wants = {str(want): want for want in found or ()}
    for text in stated.demands:
        if text not in wants:
            raise RefutedEvidence(f"{name} does not depend on {text}, by the METADATA of {stated.wheel}")
    if not stated.demands:
        raise RefutedEvidence(f"{name} is named, but nothing that it demands")
    return [Origin(stated.project, places[0], stated.extra, wants[text]) for text in stated.demands]


def _proof_problems(stated: StatedRefutation, origins: Sequence[Origin], facts: RawFacts) -> list[str]:
    wants = [(line.model, Want.of(requirement_of(line.requirement))) for line in stated.lines]
    wanted = [want for model, want in wants if model is not None]
    limits = [want for model, want in wants if model is None]
    flaw = rup.flaw(refutation.clauses(wanted, limits, origins, facts), stated.proof)
    return [] if flaw is None else [f"{_told(stated)} are not refuted: {flaw}"]


def _told(stated: StatedRefutation) -> str:
    return " and ".join(f"{line.model or 'the fleet'}'s {line.requirement}" for line in stated.lines)
