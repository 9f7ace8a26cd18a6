"""Orders, credit notes and products."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class LineView(BaseModel):
    """A position of an order; amounts in minor units."""

    product_id: str
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    quantity: float = 1
    price_minor: int = 0
    discount_minor: int = 0
    amount_minor: int = 0
    promised_on: date | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None


class RefundView(BaseModel):
    """A refund as booked."""

    refund_id: str
    amount_minor: int
    refunded_at: datetime
    notes: list[str]


class OrderView(BaseModel):
    """An order as it stands; amounts in minor units of `currency`."""

    order_id: str
    placed: bool
    source: str
    status: str
    currency: str
    ordered_at: datetime | None
    paid_minor: int
    net_minor: int
    shipping_minor: int
    tax_minor: int
    discount_minor: int
    refunded_minor: int
    coupon: str | None
    affiliation: str | None
    partner_id: str | None
    employee_id: str | None
    shipped_at: datetime | None
    promised_on: date | None
    delivered_at: datetime | None
    lines: list[LineView]
    refunds: list[RefundView]
    notes: list[str]
    version: int
    updated_at: datetime


class VersionView(BaseModel):
    """An order after one of its changes."""

    version: int
    kind: str
    source: str
    message_id: str
    occurred_at: datetime
    recorded_at: datetime
    order: dict[str, Any]


class OrderHistory(OrderView):
    """An order with every version it had."""

    versions: list[VersionView]


class CreditView(BaseModel):
    """A refund that names no order."""

    credit_id: str
    source: str
    currency: str
    amount_minor: int
    noted_at: datetime


class PostOrder(BaseModel):
    """A completed order; the fields are those of `GET /schemas/ecrm.order.completed.v1`."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={"example": {"customer": "user:42", "order_id": "1001", "total": 27.5, "currency": "EUR", "ordered_at": "2026-03-01"}},
    )

    order_id: str
    customer: str | None = Field(None, description="An identity key, for example user:42.")
    customer_id: str | None = Field(None, description="The customer's id, in place of `customer`.")
