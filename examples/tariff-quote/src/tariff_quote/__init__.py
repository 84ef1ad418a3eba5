"""A yearly price for a customer, as a function and as a web service."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel

STANDING_CHARGE = 118.80
STEPS = ((2500.0, 0.342), (5000.0, 0.318), (float("inf"), 0.295))
"""(up to so many kilowatt-hours a year, price of each)."""


class Quote(BaseModel):
    """A yearly price in euros."""

    kwh: float
    euros: float


app = FastAPI(title="tariff-quote")


@app.get("/quote")
def quote(kwh: float) -> Quote:
    """The price of ``kwh`` kilowatt-hours a year."""
    price = next(price for limit, price in STEPS if kwh <= limit)
    return Quote(kwh=kwh, euros=round(STANDING_CHARGE + kwh * price, 2))


def predict(kwh: float) -> dict[str, float]:
    """The quote as the service would answer it."""
    answer: dict[str, float] = jsonable_encoder(quote(kwh))
    return answer
