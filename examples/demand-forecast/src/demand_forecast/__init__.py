"""Demand of a household for the coming days: a weekly shape, with public holidays counted as Sundays."""

from __future__ import annotations

import datetime as dt

import holidays
from dateutil.rrule import DAILY, rrule

WEEK = (1.00, 0.98, 0.99, 1.00, 1.02, 1.17, 1.24)
"""Demand of each weekday, from Monday, relative to a working day."""


def predict(start: dt.date, days: int, base_kwh: float = 9.5, country: str = "DE") -> list[float]:
    """Kilowatt-hours of each day from ``start`` on."""
    free = holidays.country_holidays(country)
    return [
        round(base_kwh * WEEK[6 if day in free else day.weekday()], 2)
        for day in rrule(DAILY, count=days, dtstart=dt.datetime.combine(start, dt.time()))
    ]
