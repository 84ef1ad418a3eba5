"""A report as Markdown, for the summary of a job or a comment on a merge request."""

from __future__ import annotations

from collections.abc import Iterator

from wheelyard_cli.report_formats import text
from wheelyard_resolver.report import Finding, Report
from wheelyard_resolver.wording import counted

_MOST_CHARACTERS = 60_000
"""A comment on GitHub holds 65,536."""

_SIGNS = {"failed": "❌", "ok": "✅", "not proved": "❔"}


def render(report: Report) -> str:
    """The Markdown text."""
    blocks = [f"## {_SIGNS[report.status]} {_escaped(report.verdict)}\n"]
    blocks += [f"- {_escaped(line)}\n" for line in report.advice]
    size = sum(map(len, blocks))
    for number, finding in enumerate(report.findings):
        block = "\n".join(_block(finding))
        size += len(block)
        if size > _MOST_CHARACTERS:
            blocks.append(f"\n{counted(len(report.findings) - number, 'more finding')}, see the whole report\n")
            break
        blocks.append(block)
    return "".join(blocks)


def _block(finding: Finding) -> Iterator[str]:
    title, *told = text.lines_of(finding)
    yield ""
    yield f"### {_escaped(title)}"
    yield ""
    if told:
        yield from ("```text", *(line.removeprefix("  ") for line in told), "```")
    yield f"`{finding.rule}` · `{finding.fingerprint}`"
    yield ""


def _escaped(line: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\`*_<>[]|#" else sign for sign in line)
