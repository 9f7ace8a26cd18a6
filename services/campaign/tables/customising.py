"""Rows of products made for one customer, and of what is told to the interaction service."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import BIGINT, JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class CustomProductRow(CampaignTable, table=True):
    """A product with options."""

    __tablename__ = "custom_product"
    __table_args__ = (UniqueConstraint("product_id"),)

    id: UUID = Field(primary_key=True)
    product_id: str = Field(sa_type=Text)
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    active: bool
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class CustomisedRow(CampaignTable, table=True):
    """What a customer chose, at the price it had then."""

    __tablename__ = "customised"
    __table_args__ = (
        ForeignKeyConstraint(["custom_product_id"], ["custom_product.id"]),
        CheckConstraint("state IN ('chosen', 'ordering', 'ordered', 'refused', 'dropped')", name="customised_state"),
        Index("customised_customer", "customer_id", "id"), Index("customised_product", "custom_product_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    custom_product_id: UUID
    customer_id: UUID
    choices: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    price: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    quantity: int
    total_minor: int = Field(sa_type=BIGINT)
    currency: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    order_id: str | None = Field(default=None, sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
    ordered_at: datetime | None = Field(default=None, sa_type=TIME)


class TellingRow(CampaignTable, table=True):
    """Something the interaction service is to be told; `due_at` null: it never will take it, and `reason` says why."""

    __tablename__ = "telling"
    __table_args__ = (Index("telling_due", "due_at", postgresql_where=text("due_at IS NOT NULL")), Index("telling_customer", "customer_id"))

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    about: str = Field(sa_type=Text)
    path: str = Field(sa_type=Text)
    body: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reason: str | None = Field(default=None, sa_type=Text)
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    due_at: datetime | None = Field(default=None, sa_type=TIME)


class StatedSpendingRow(CampaignTable, table=True):
    """Replica of SpendStated: what a customer spends in a category with anybody."""

    __tablename__ = "stated_spending"
    __table_args__ = (Index("stated_spending_customer", "customer_id"),)

    statement_id: str = Field(primary_key=True, sa_type=Text)
    customer_id: UUID
    category: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BIGINT)
    currency: str = Field(sa_type=Text)
    first: date
    last: date
    stated_at: datetime = Field(sa_type=TIME)
