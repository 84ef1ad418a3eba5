"""The load at a quantile of the readings so far, as a web service would answer it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sortedcontainers import SortedList
from starlette.responses import JSONResponse


def answer(readings: Iterable[float], quantile: float) -> JSONResponse:
    """The load that a share of ``quantile`` of the readings stays below."""
    ordered = SortedList(readings)
    position = min(int(quantile * len(ordered)), len(ordered) - 1)
    return JSONResponse({"quantile": quantile, "kw": ordered[position]})


def predict(readings: Iterable[float], quantile: float = 0.95) -> float:
    """The load in kilowatts."""
    return float(json.loads(bytes(answer(readings, quantile).body))["kw"])
