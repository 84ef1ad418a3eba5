"""A report as JSON; ``wheelyard_resolver/schemas/check-1.schema.json`` describes it."""

from __future__ import annotations

import json

from wheelyard_resolver.report import Report, to_document


def render(report: Report) -> str:
    """The JSON text."""
    return json.dumps(to_document(report), indent=2) + "\n"
