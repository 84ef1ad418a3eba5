"""A report as JUnit XML: a test case for the verdict, and one for each finding.

Source: the schema that Jenkins and GitLab read (junit-10.xsd), written by junitparser.
"""

from __future__ import annotations

from junitparser import Failure, Skipped, TestCase, TestSuite

from wheelyard_cli.report_formats import text
from wheelyard_resolver.report import Finding, Report


def render(report: Report) -> str:
    """The XML text."""
    fleet = str(report.details.get("fleet", ""))
    suite = TestSuite("wheelyard check")
    suite.add_testcase(_verdict(report, fleet))
    for finding in report.findings:
        suite.add_testcase(_case(finding, fleet))
    suite.update_statistics()
    content: bytes = suite.tostring()
    return content.decode() + "\n"


def _verdict(report: Report, fleet: str) -> TestCase:
    case = TestCase("verdict", classname=fleet, time=0)
    if report.failed:
        case.result = [Failure(report.verdict, "policy")]
    elif not report.proved:
        case.result = [Failure(report.verdict, "not proved")]
    else:
        case.system_out = report.verdict
    return case


def _case(finding: Finding, fleet: str) -> TestCase:
    case = TestCase(f"{finding.title} [{finding.fingerprint}]", classname=f"{fleet}.{finding.rule}", time=0)
    told = "\n".join(text.lines_of(finding))
    if finding.counts:
        failure = Failure(finding.title, finding.rule)
        failure.text = told
        case.result = [failure]
    elif finding.known:
        case.result = [Skipped(finding.known)]
    else:
        case.system_out = told
    return case
