"""Products with their prices, and partners."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, Numeric, Text, text
from sqlmodel import Field

from services.interaction.tables.metadata import TEXTS, TIME, InteractionTable


class ProductRow(InteractionTable, table=True):
    """A product as the newest event that named it told; the fields in `held` as a person set them."""

    __tablename__ = "product"
    __table_args__ = (Index("product_category", "category"),)

    product_id: str = Field(sa_column=Column(Text, primary_key=True))
    name: str | None = Field(default=None, sa_type=Text)
    category: str | None = Field(default=None, sa_type=Text)
    brand: str | None = Field(default=None, sa_type=Text)
    variant: str | None = Field(default=None, sa_type=Text)
    url: str | None = Field(default=None, sa_type=Text)
    image_url: str | None = Field(default=None, sa_type=Text)
    told_at: datetime = Field(sa_type=TIME)
    vendor: str | None = Field(default=None, sa_type=Text)
    description: str | None = Field(default=None, sa_type=Text)
    active: bool = Field(sa_column_kwargs={"server_default": text("true")})
    held: list[str] = Field(sa_type=TEXTS, sa_column_kwargs={"server_default": text("'{}'")})
    edited_at: datetime | None = Field(default=None, sa_type=TIME)


class ProductPriceRow(InteractionTable, table=True):
    """What a product costs by a price list from a day on."""

    __tablename__ = "product_price"

    product_id: str = Field(sa_column=Column(Text, primary_key=True))
    list: str = Field(sa_column=Column(Text, primary_key=True))
    currency: str = Field(sa_column=Column(Text, primary_key=True))
    valid_from: date = Field(primary_key=True)
    price_minor: int = Field(sa_type=BigInteger)


class PartnerRow(InteractionTable, table=True):
    """An intermediary."""

    __tablename__ = "partner"

    partner_id: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    email: str | None = Field(default=None, sa_type=Text)
    commission: Decimal | None = Field(default=None, sa_type=Numeric)
    terms: str | None = Field(default=None, sa_type=Text)
    active: bool
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class PartnerContactRow(InteractionTable, table=True):
    """A contact that came through an intermediary."""

    __tablename__ = "partner_contact"
    __table_args__ = (Index("partner_contact_partner", "partner_id", "occurred_at"),)

    interaction_id: UUID = Field(primary_key=True)
    partner_id: str = Field(sa_type=Text)
    identity: bytes
    kind: str = Field(sa_type=Text)
    purpose: str | None = Field(default=None, sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)
