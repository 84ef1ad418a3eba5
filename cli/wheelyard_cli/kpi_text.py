"""The figures of a fleet as a registry tells them, for people and for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wheelyard_cli.columns import aligned
from wheelyard_cli.proposal_text import size

Period = Mapping[str, Any]


def _duration(seconds: float) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"


_FIGURES: Sequence[tuple[str, str, Callable[[Any], str]]] = (
    ("models", "models deployed", str),
    ("deployments", "deployments", str),
    ("deployments_per_month", "deployments a month", lambda value: f"{value:.1f}"),
    ("lead_time_seconds", "lead time, upload to deployment (median)", _duration),
    ("bases", "bases", str),
    ("bases_per_model", "bases per model", lambda value: f"{value:.2f}"),
    ("base_bytes", "wheels of the bases", size),
    ("separate_bytes", "wheels with one image per model", size),
)


def as_text(answer: Mapping[str, Any]) -> str:
    """A line for each figure, a column for each period; then deployments by month and team."""
    periods: Sequence[Period] = answer["periods"]
    names = ["" if period["name"] == "all" else period["name"].upper() for period in periods]
    head = [["", *names]] if any(names) else []
    rows = [[label, *(_cell(period[key], show) for period in periods)] for key, label, show in _FIGURES]
    rates = [rate for period in periods for rate in period["rates"]]
    months = [[each["month"], each["team"] or "-", str(each["deployments"])] for each in rates]
    table = aligned([["MONTH", "TEAM", "DEPLOYMENTS"], *months]) if months else ""
    return f"{aligned([*head, *rows])}\n" + (f"\n{table}\n" if table else "")


def as_csv(answer: Mapping[str, Any]) -> str:
    """A row for each figure of each period: period, figure, month, team, value. What is not known has no value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["period", "figure", "month", "team", "value"])
    for period in answer["periods"]:
        writer.writerows([period["name"], key, "", "", period[key]] for key, _, _ in _FIGURES)
        for each in period["rates"]:
            writer.writerow([period["name"], "deployments", each["month"], each["team"], each["deployments"]])
    return text.getvalue()


def _cell(value: Any, show: Callable[[Any], str]) -> str:
    return "-" if value is None else show(value)
