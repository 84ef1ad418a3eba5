"""A report as GitLab reads code quality: an array of issues, each with a fingerprint of its own.

Source: GitLab, "Code Quality report format".
"""

from __future__ import annotations

import json

from wheelyard_cli.report_formats import text
from wheelyard_cli.report_formats.places import Repository
from wheelyard_resolver.report import Finding, Report


def render(report: Report, repository: Repository) -> str:
    """The JSON text."""
    return json.dumps([_issue(finding, repository) for finding in report.findings], indent=2) + "\n"


def _issue(finding: Finding, repository: Repository) -> dict[str, object]:
    spot = repository.spots(finding)[0]
    return {
        "description": " ".join(line.strip() for line in text.lines_of(finding)),
        "check_name": f"wheelyard/{finding.rule}",
        "fingerprint": finding.fingerprint,
        "severity": "major" if finding.counts else "info",
        "location": {"path": spot.path, "lines": {"begin": spot.line}},
    }
