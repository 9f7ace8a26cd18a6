"""Sums by currency, and rates."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class CurrencyTotal(BaseModel):
    """Sums in minor units of one currency. `kept_minor` = paid - refunded - credited; cancelled orders are counted, their amounts not."""

    currency: str
    orders: int
    cancelled: int
    credits: int
    paid_minor: int
    net_minor: int
    shipping_minor: int
    tax_minor: int
    discount_minor: int
    refunded_minor: int
    credited_minor: int
    kept_minor: int


class UsedRate(BaseModel):
    """A rate that was used."""

    currency: str
    day: date
    rate: str
    source: str


class WithoutRate(BaseModel):
    """An amount nobody told a rate for."""

    currency: str
    kept_minor: int


class HomeTotal(BaseModel):
    """What was kept, in the home currency, by the rates of the days; amounts without a rate are not in it."""

    currency: str
    kept_minor: int
    rates: list[UsedRate]
    without_rate: list[WithoutRate]


class CustomerTotals(BaseModel):
    """Sums of a customer; amounts of two currencies are never added."""

    customer_id: UUID
    currencies: list[CurrencyTotal]
    home: HomeTotal | None = None


class Rate(BaseModel):
    """From `day` on, one unit of `currency` is worth `rate` units of `home`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"home": "EUR", "currency": "GBP", "day": "2026-03-01", "rate": "1.1873", "source": "European Central Bank"}},
    )

    home: str = Field(pattern="^[A-Z]{3}$")
    currency: str = Field(pattern="^[A-Z]{3}$")
    day: date
    rate: Decimal = Field(gt=0, max_digits=30)
    source: str = Field(min_length=1, max_length=200)


class RateView(Rate):
    """A rate as it is kept."""

    rate: str  # type: ignore[assignment]
    changed_at: datetime


class PutRates(BaseModel):
    """Rates to take over; a day's rate is replaced."""

    model_config = ConfigDict(extra="forbid")

    rates: list[Rate] = Field(min_length=1, max_length=5000)


class Counted(BaseModel):
    """How many were taken over."""

    count: int
