"""Yield of a rooftop from the hours of daylight at its place."""

from __future__ import annotations

import datetime as dt

from astral import Observer
from astral.sun import daylight

CLEAR_SKY_SHARE = 0.21
"""Share of the peak power that an average daylight hour yields in central Europe."""


def predict(day: dt.date, latitude: float, longitude: float, peak_kw: float) -> float:
    """Kilowatt-hours of ``day``."""
    sunrise, sunset = daylight(Observer(latitude=latitude, longitude=longitude), date=day)
    hours = (sunset - sunrise).total_seconds() / 3600
    return round(hours * peak_kw * CLEAR_SKY_SHARE, 2)
