"""A report as workflow commands, which GitHub shows as annotations beside the lines of a pull request.

Source: GitHub, "Workflow commands for GitHub Actions". A step may make ten annotations of each kind: what is beyond is
counted, and stands in the other outputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wheelyard_cli.report_formats import text
from wheelyard_cli.report_formats.places import Repository
from wheelyard_resolver.report import Finding, Report
from wheelyard_resolver.wording import counted

_MOST = 10


def render(report: Report, repository: Repository) -> str:
    """The commands, and the verdict as a line of the log."""
    return "\n".join([*_lines(report, repository), report.verdict, *report.advice]) + "\n"


def _lines(report: Report, repository: Repository) -> Iterator[str]:
    failing = [finding for finding in report.findings if finding.counts]
    others = [finding for finding in report.findings if not finding.counts]
    for command, findings in (("error", failing), ("notice", others)):
        yield from (_command(command, finding, repository) for finding in findings[:_MOST])
        yield from _left_out(findings)


def _left_out(findings: Sequence[Finding]) -> Iterator[str]:
    if len(findings) > _MOST:
        yield f"{counted(len(findings) - _MOST, 'more finding')}, see the whole report"


def _command(command: str, finding: Finding, repository: Repository) -> str:
    spot = repository.spots(finding)[0]
    title, *lines = text.lines_of(finding)
    told = "\n".join(line.removeprefix("  ") for line in lines)
    properties = {"file": spot.path, "line": str(spot.line), "title": title}
    written = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{command} {written}::{_data(told or title)}"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")
