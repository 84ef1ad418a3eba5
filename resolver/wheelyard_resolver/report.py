"""What a check found, in the one form that every output is made from: findings, a level, a verdict.

A server that answers a check sends a report, and whoever asked prints it: so that both say the same, a report carries
its words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from wheelyard_resolver.levels import Level

SCHEMA = "wheelyard/check/1"


class InvalidReport(ValueError):
    """A document is not a report."""


@dataclass(frozen=True)
class Place:
    """A requirement line that a finding is about; ``origin`` is ``FILE:LINE`` where known."""

    model: str | None
    requirement: str
    owner: str | None = None
    origin: str | None = None

    @property
    def file_line(self) -> tuple[str, int] | None:
        """File and line, if the origin is one."""
        path, _, number = (self.origin or "").rpartition(":")
        return (path, int(number)) if path and number.isdigit() and not path.startswith("observed") else None


@dataclass(frozen=True)
class Finding:
    """One thing found. ``rule`` is its kind, one of :data:`RULES`; only a finding that ``fails`` can fail the check.

    ``text`` tells more, a line each. ``known`` says why it does not count all the same: a baseline, a waiver.
    """

    rule: str
    fingerprint: str
    title: str
    text: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    fails: bool = False
    known: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it fails the check."""
        return self.fails and self.known is None


RULES: Mapping[str, str] = {
    "rebuild": "The candidate's base must be locked anew",
    "moves": "The candidate must move to another base",
    "regroup": "Other models must move to make room for the candidate",
    "new-base": "The fleet would need one more base",
    "not-installable": "A model cannot be installed on its target",
    "pivot": "Models disagree over one project",
    "conflict": "Models cannot share a base",
    "max-bases": "The fleet needs more bases than it may have",
    "broken-base": "An accepted base no longer holds",
}


@dataclass(frozen=True)
class Report:
    """The findings of a check. ``status`` is "ok", "failed" or "not proved".

    ``details`` are further JSON-ready values for programs. ``advice`` is what to do next, after the verdict.
    """

    verdict: str
    findings: tuple[Finding, ...]
    proved: bool = True
    level: Level | None = None
    advice: tuple[str, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether a finding fails the check."""
        return any(finding.counts for finding in self.findings)

    @property
    def status(self) -> str:
        """In one word, or two."""
        return "failed" if self.failed else "ok" if self.proved else "not proved"


def fingerprint(*facts: object) -> str:
    """A short name for JSON-ready facts."""
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


# -- as a document --------------------------------------------------------------------------------------------------


def to_document(report: Report) -> dict[str, object]:
    """The report as JSON-ready values, ``wheelyard/check/1``. Keys are added, never removed."""
    return {
        "schema": SCHEMA,
        **report.details,
        "status": report.status,
        "level": None if report.level is None else report.level.value,
        "proved": report.proved,
        "verdict": report.verdict,
        "advice": list(report.advice),
        "findings": [_finding_document(finding) for finding in report.findings],
    }


def _finding_document(finding: Finding) -> dict[str, object]:
    return {
        "rule": finding.rule,
        "fingerprint": finding.fingerprint,
        "title": finding.title,
        "text": list(finding.text),
        "hints": list(finding.hints),
        "fails": finding.fails,
        "known": finding.known,
        "requirements": [
            {"model": place.model, "requirement": place.requirement, "owner": place.owner, "origin": place.origin}
            for place in finding.places
        ],
    }


_OWN = ("schema", "status", "level", "proved", "verdict", "advice", "findings")


def from_document(document: Mapping[str, object]) -> Report:
    """The report in a document.

    Raises:
        InvalidReport: it holds none.
    """
    try:
        if document["schema"] != SCHEMA:
            raise InvalidReport(f"its schema is {document['schema']!r}, not {SCHEMA}")
        level, found, advice = document["level"], document["findings"], document["advice"]
        assert isinstance(found, list)
        assert isinstance(advice, list)
        return Report(
            verdict=str(document["verdict"]),
            findings=tuple(_finding(entry) for entry in found),
            proved=bool(document["proved"]),
            level=None if level is None else Level(level),
            advice=_texts(advice),
            details={key: value for key, value in document.items() if key not in _OWN},
        )
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        raise InvalidReport(str(error) or type(error).__name__) from error


def _finding(entry: Mapping[str, object]) -> Finding:
    places, known = entry["requirements"], entry["known"]
    assert isinstance(places, list)
    return Finding(
        rule=str(entry["rule"]),
        fingerprint=str(entry["fingerprint"]),
        title=str(entry["title"]),
        text=_texts(entry["text"]),
        hints=_texts(entry["hints"]),
        places=tuple(Place(place["model"], place["requirement"], place["owner"], place["origin"]) for place in places),
        fails=bool(entry["fails"]),
        known=None if known is None else str(known),
    )


def _texts(value: object) -> tuple[str, ...]:
    assert isinstance(value, Sequence)
    return tuple(str(text) for text in value)
