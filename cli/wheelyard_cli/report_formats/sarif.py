"""A report as SARIF 2.1.0 (OASIS), within what GitHub's code scanning takes.

A finding is a result; it stands at the candidate's own requirement line, the other lines are related locations.
``partialFingerprints`` make it the same alert from run to run.

Sources: SARIF 2.1.0, sections 3.27 (result), 3.49 (reportingDescriptor); GitHub, "SARIF support for code scanning".
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from wheelyard_cli import __version__
from wheelyard_cli.report_formats import text
from wheelyard_cli.report_formats.places import Repository, Spot
from wheelyard_resolver.report import RULES, Finding, Report

_MOST_RESULTS = 5_000
"""GitHub shows so many results of a run, and refuses a run of more than 25,000."""

_MOST_RELATED = 99
"""GitHub shows 100 locations of a result."""

_RULES = list(RULES)


def render(report: Report, repository: Repository) -> str:
    """The SARIF text."""
    findings = sorted(report.findings, key=lambda finding: not finding.counts)[:_MOST_RESULTS]
    run = {
        "tool": {"driver": _driver()},
        "automationDetails": {"id": f"wheelyard/{report.details.get('fleet', '')}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, repository.spots(finding)) for finding in findings],
        "properties": {"verdict": report.verdict, "status": report.status},
    }
    document = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, indent=2) + "\n"


def _driver() -> dict[str, object]:
    return {
        "name": "wheelyard",
        "semanticVersion": __version__,
        "rules": [{"id": rule, "shortDescription": {"text": told}} for rule, told in RULES.items()],
    }


def _result(finding: Finding, spots: Sequence[Spot]) -> dict[str, object]:
    first, *others = spots
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": _RULES.index(finding.rule),
        "level": "error" if finding.fails else "note",
        "message": {"text": "\n".join(text.lines_of(finding))},
        "locations": [{"physicalLocation": _location(first)}],
        "partialFingerprints": {"wheelyard/v1": finding.fingerprint},
    }
    if others:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(spot), "message": {"text": _said(spot)}}
            for number, spot in enumerate(others[:_MOST_RELATED], 1)
        ]
    if finding.known:
        result["suppressions"] = [{"kind": "external", "justification": finding.known}]
    return result


def _location(spot: Spot) -> dict[str, object]:
    return {"artifactLocation": {"uri": spot.path}, "region": {"startLine": spot.line}}


def _said(spot: Spot) -> str:
    assert spot.place is not None, "only a finding without lines stands at the anchor, alone"
    return f"{spot.place.model or 'the fleet'} requires {spot.place.requirement}"
