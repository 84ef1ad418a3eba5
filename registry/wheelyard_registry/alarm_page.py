"""The page on which people see the alarms."""

from __future__ import annotations

import html
from collections.abc import Sequence

from wheelyard_registry.catalogue.audit import time_text
from wheelyard_registry.catalogue.origins import Alarm


def alarm_page(alarms: Sequence[Alarm]) -> str:
    """An HTML page that needs nothing from anywhere else."""
    rows = [
        f'<li><a href="../simple/{html.escape(alarm.project)}/">{html.escape(alarm.project)}</a>'
        f" has appeared upstream (seen {time_text(alarm.met_at)})</li>"
        for alarm in alarms
    ]
    body = ["<ul>", *rows, "</ul>", f"<p>{_ADVICE}</p>"] if rows else ["<p>No private name has appeared upstream.</p>"]
    head = '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Alarms</title></head>\n<body>'
    return "\n".join([head, "<h1>Alarms</h1>", *body, "</body>", "</html>", ""])


_ADVICE = (
    "This registry goes on to serve its own files only. Find out who published the other project, and whether any"
    " machine installs from the public index directly. A prefix given by --reserve keeps names from being asked for."
)
