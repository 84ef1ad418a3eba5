"""When a flexible load should run, from the prices of the next hours."""

from __future__ import annotations

import json
from collections.abc import Sequence

from pydantic_settings import BaseSettings, SettingsConfigDict
from starlette.responses import JSONResponse


class Load(BaseSettings):
    """The load to place; ``LOAD_HOURS`` in the environment overrides how long it runs."""

    model_config = SettingsConfigDict(env_prefix="LOAD_")

    hours: int = 3


def answer(prices: Sequence[float]) -> JSONResponse:
    """The cheapest run of hours, as a web service would answer it."""
    hours = Load().hours
    starts = range(len(prices) - hours + 1)
    start = min(starts, key=lambda first: sum(prices[first : first + hours]))
    return JSONResponse({"start": start, "hours": hours})


def predict(prices: Sequence[float]) -> int:
    """The hour at which the cheapest run begins."""
    return int(json.loads(bytes(answer(prices).body))["start"])
