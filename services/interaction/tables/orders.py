"""Orders, refunds, credit notes and the catalogue."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Numeric,
    Text,
    text,
)
from sqlmodel import Field

from services.interaction.tables.metadata import TEXTS, TIME, InteractionTable


class OrderRow(InteractionTable, table=True):
    """An order; everything shown is computed from `state`, the other columns are for finding it."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_identity", "identity", text("ordered_at DESC")),
        Index("orders_ordered", text("ordered_at DESC"), text("order_id DESC")),
        Index("orders_partner", "partner_id", "ordered_at", postgresql_where=text("partner_id IS NOT NULL")),
        Index("orders_employee", "employee_id", "ordered_at", postgresql_where=text("employee_id IS NOT NULL")),
    )

    order_id: str = Field(sa_column=Column(Text, primary_key=True))
    identity: bytes
    source: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    placed: bool
    currency: str = Field(sa_type=Text)
    ordered_at: datetime | None = Field(default=None, sa_type=TIME)
    paid_minor: int = Field(sa_type=BigInteger)
    net_minor: int = Field(sa_type=BigInteger)
    refunded_minor: int = Field(sa_type=BigInteger)
    version: int
    updated_at: datetime = Field(sa_type=TIME)
    state: str = Field(sa_type=Text)
    shipping_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    tax_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    discount_minor: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    partner_id: str | None = Field(default=None, sa_type=Text)
    employee_id: str | None = Field(default=None, sa_type=Text)


class OrderLineRow(InteractionTable, table=True):
    """One position of an order as it stands."""

    __tablename__ = "order_line"
    __table_args__ = (Index("order_line_product", "product_id"),)

    order_id: str = Field(sa_column=Column(Text, primary_key=True))
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    product_id: str = Field(sa_type=Text)
    quantity: float
    price_minor: int = Field(sa_type=BigInteger)
    discount_minor: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)


class OrderVersionRow(InteractionTable, table=True):
    """An order as it stood after a change that was visible."""

    __tablename__ = "order_version"

    order_id: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    message_id: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)
    recorded_at: datetime = Field(sa_type=TIME)
    content: str = Field(sa_type=Text)


class RefundRow(InteractionTable, table=True):
    """A refund as booked."""

    __tablename__ = "refund"

    order_id: str = Field(sa_column=Column(Text, primary_key=True))
    refund_id: str = Field(sa_column=Column(Text, primary_key=True))
    amount_minor: int = Field(sa_type=BigInteger)
    refunded_at: datetime = Field(sa_type=TIME)
    notes: list[str] = Field(sa_type=TEXTS)


class CreditNoteRow(InteractionTable, table=True):
    """A refund that names no order."""

    __tablename__ = "credit_note"
    __table_args__ = (Index("credit_note_identity", "identity"),)

    credit_id: str = Field(sa_column=Column(Text, primary_key=True))
    identity: bytes
    source: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    noted_at: datetime = Field(sa_type=TIME)


class ExchangeRateRow(InteractionTable, table=True):
    """What one unit of a currency was worth in the home currency from a day on, and who says so."""

    __tablename__ = "exchange_rate"

    home: str = Field(sa_column=Column(Text, primary_key=True))
    currency: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(primary_key=True)
    rate: Decimal = Field(sa_type=Numeric)
    source: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=TIME)
