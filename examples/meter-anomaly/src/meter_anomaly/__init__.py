"""Readings of a smart meter that do not fit their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from more_itertools import windowed
from pydantic_settings import BaseSettings, SettingsConfigDict


class Thresholds(BaseSettings):
    """What counts as an anomaly; ``METER_FACTOR`` and ``METER_WINDOW`` in the environment override it."""

    model_config = SettingsConfigDict(env_prefix="METER_")

    factor: float = 3.0
    window: int = 5


def predict(readings: Sequence[float]) -> list[int]:
    """The positions of the readings above ``factor`` times the median of the window around them."""
    limits = Thresholds()
    middle = limits.window // 2
    found = []
    for start, window in enumerate(windowed(readings, limits.window)):
        values = [value for value in window if value is not None]
        if len(values) == limits.window and values[middle] > limits.factor * median(values):
            found.append(start + middle)
    return found
