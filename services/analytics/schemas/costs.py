"""Requests and answers about costs and stated spending."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.analytics.schemas.given import Strict, Text, Word

Money = Annotated[int, Field(ge=-(10**15), le=10**15)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class BookCost(Strict):
    """Money in minor units; a negative amount corrects an earlier entry. `reference` makes repeating safe.

    With `customer_id` it was spent on that customer alone; then `kind` may be left out: acquire before the first order, else retain.
    """

    kind: Literal["acquire", "retain", "serve"] | None = None
    channel: Word
    campaign_id: Word | None = None
    customer_id: UUID | None = None
    amount_minor: Money
    currency: Currency
    booked_on: date
    note: Text = ""
    reference: Word | None = None

    @model_validator(mode="after")
    def _kind_or_customer(self) -> Self:
        if self.kind is None and self.customer_id is None:
            raise ValueError("give a kind, or the customer it was spent on")
        return self


class CostView(BaseModel):
    cost_id: UUID
    kind: str
    channel: str
    campaign_id: str | None
    customer_id: UUID | None
    amount_minor: int
    currency: str
    booked_on: date
    note: str
    reference: str | None
    created_at: datetime


class RefusedRow(BaseModel):
    """A line of a file that was not taken; `row` counts from 1 without the header."""

    row: int
    detail: str


class ImportView(BaseModel):
    """`known`: rows that were there already. Sending a file again adds nothing."""

    rows: int
    booked: int
    known: int
    refused: list[RefusedRow]


class StateSpending(Strict):
    """What a customer spends in the category (empty: in all) with anybody, in `[first_day, last_day)`."""

    customer_id: UUID
    category: Annotated[str, Field(max_length=200)] = ""
    amount_minor: Annotated[int, Field(ge=0, le=10**15)]
    currency: Currency
    first_day: date
    last_day: date
    basis: Literal["declared", "imported", "estimated"] = "declared"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.first_day >= self.last_day:
            raise ValueError("last_day comes after first_day")
        return self


class SpendingView(StateSpending):
    statement_id: UUID
    stated_at: datetime
