"""How likely a customer leaves, from three facts."""

from __future__ import annotations

import math

from pydantic import BaseModel, conint
from starlette.datastructures import QueryParams


class Customer(BaseModel):
    """What is known of a customer. Text is converted, as version 1 of pydantic does."""

    months: conint(ge=0)  # type: ignore[valid-type]
    complaints: conint(ge=0)  # type: ignore[valid-type]
    price_rise_percent: float

    class Config:
        extra = "forbid"


def predict(query: str) -> float:
    """The probability for a query such as ``months=14&complaints=1&price_rise_percent=8``."""
    customer = Customer.parse_obj(dict(QueryParams(query)))
    score = -1.2 - 0.02 * customer.months + 0.7 * customer.complaints + 0.08 * customer.price_rise_percent
    return round(1 / (1 + math.exp(-score)), 3)
