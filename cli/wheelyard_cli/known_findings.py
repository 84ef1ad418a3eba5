"""Findings that are known and do not fail a check: those of a baseline, and those that somebody waived.

A baseline is a file of fingerprints that ``--write-baseline`` writes. A waiver is written by hand, names who answers
for it and why, and ends on a day.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from wheelyard_cli.document_table import Table
from wheelyard_cli.project_directory import read_toml
from wheelyard_resolver.errors import InputError
from wheelyard_resolver.report import Report

BASELINE_SCHEMA = "wheelyard/baseline/1"


@dataclass(frozen=True)
class Waiver:
    """A finding, by its fingerprint, that does not count up to and on the day ``expires``."""

    finding: str
    owner: str
    reason: str
    expires: dt.date


# -- baseline -------------------------------------------------------------------------------------------------------


def write_baseline(path: Path, report: Report) -> None:
    """Take down the findings that fail, so that from now on only others do; a missing directory is made.

    Raises:
        InputError: the file cannot be written.
    """
    failing = sorted(
        (
            {"fingerprint": found.fingerprint, "rule": found.rule, "title": found.title}
            for found in report.findings
            if found.counts
        ),
        key=lambda entry: (entry["rule"], entry["title"], entry["fingerprint"]),
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"schema": BASELINE_SCHEMA, "findings": failing}, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}", hint="check the path") from error


def read_baseline(path: Path) -> Mapping[str, str]:
    """The titles of the findings of a baseline, by fingerprint.

    Raises:
        InputError: it cannot be read.
    """
    try:
        document = json.loads(path.read_bytes())
        if document["schema"] != BASELINE_SCHEMA:
            raise ValueError(f"its schema is {document['schema']}, not {BASELINE_SCHEMA}")
        return {str(entry["fingerprint"]): str(entry["title"]) for entry in document["findings"]}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="write one with --write-baseline") from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"it is not a baseline: {error}", where=str(path), hint="write it anew") from error


def with_baseline(report: Report, baseline: Mapping[str, str]) -> Report:
    """The report with the findings of a baseline marked as known, and those told that are there no longer."""
    findings = tuple(
        replace(finding, known="in the baseline") if finding.counts and finding.fingerprint in baseline else finding
        for finding in report.findings
    )
    found = {finding.fingerprint for finding in report.findings if finding.fails}
    gone = {name: title for name, title in baseline.items() if name not in found}
    advice = tuple(f"no longer found, take it out of the baseline: {title} [{name}]" for name, title in gone.items())
    return replace(
        report,
        findings=findings,
        advice=(*report.advice, *advice),
        details={**report.details, "vanished": [{"fingerprint": name, "title": gone[name]} for name in gone]},
    )


# -- waivers --------------------------------------------------------------------------------------------------------


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """The ``[[waiver]]`` tables of a file.

    Raises:
        InputError: everything that is wrong with it, each with its line.
    """
    data, problems = read_toml(path)
    root = Table(data, (), "the file", problems)
    found = [_waiver(table) for table in root.tables("waiver")]
    root.finish()
    problems.raise_any()
    return tuple(waiver for waiver in found if waiver is not None)


def _waiver(table: Table) -> Waiver | None:
    examples = {"finding": '"3f2a..."', "owner": '"pricing"', "reason": '"..."', "expires": "2027-01-31"}
    for key, example in examples.items():
        table.required(key, example)
    finding, owner, reason = table.text("finding"), table.text("owner"), table.text("reason")
    expires = table.data.get("expires")
    table.finish()
    if expires is not None and type(expires) is not dt.date:
        table.wrong("expires", "must be a day without quotes", hint="for example expires = 2027-01-31")
        return None
    if finding is None or owner is None or reason is None or expires is None:
        return None
    return Waiver(finding, owner, reason, expires)


def with_waivers(report: Report, waivers: Sequence[Waiver], today: dt.date) -> Report:
    """The report with the findings marked as known that are waived today; waivers that are over are told."""
    by_finding = {waiver.finding: waiver for waiver in waivers}
    findings, over = [], []
    for finding in report.findings:
        waiver = by_finding.get(finding.fingerprint) if finding.counts else None
        if waiver is not None and waiver.expires < today:
            over.append(f"the waiver of {waiver.owner} for this ended on {waiver.expires}: {finding.title}")
        elif waiver is not None:
            known = f"waived by {waiver.owner} until {waiver.expires}: {waiver.reason}"
            findings.append(replace(finding, known=known))
            continue
        findings.append(finding)
    return replace(report, findings=tuple(findings), advice=(*report.advice, *over))
