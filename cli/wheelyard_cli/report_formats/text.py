"""A report as text for people: what fails first, the verdict and what to do next at the end, where it is seen."""

from __future__ import annotations

from collections.abc import Iterator

from wheelyard_resolver.report import Finding, Report
from wheelyard_resolver.wording import counted

_SHOWN = 5
"""Conflicts told in full that each have lines of text; a fleet may have thousands."""


def render(report: Report, *, every_conflict: bool = False) -> str:
    """The text."""
    return "\n".join(_lines(report, every_conflict=every_conflict)) + "\n"


def _lines(report: Report, *, every_conflict: bool) -> Iterator[str]:
    apart = [finding for finding in report.findings if finding.rule == "conflict"]
    left_out = [] if every_conflict else apart[_SHOWN:]
    for finding in report.findings:
        if not any(finding is other for other in left_out):
            yield from lines_of(finding)
    if left_out:
        yield f"{counted(len(left_out), 'more conflict')} of several models: --every-conflict tells them"
    yield report.verdict
    yield from report.advice


def lines_of(finding: Finding) -> Iterator[str]:
    """A finding: its title, and below it, indented, the rest."""
    yield finding.title + (f" ({finding.known})" if finding.known else "")
    yield from (f"  {line}" for line in finding.text)
    yield from (f"  hint: {hint}" for hint in finding.hints)
