"""Auctions, their bids, and shopping agents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field

from services.interaction.tables.metadata import TEXTS, TIME, InteractionTable


class AuctionRow(InteractionTable, table=True):
    __tablename__ = "auction"
    __table_args__ = (Index("auction_closing", "closes_at", postgresql_where=text("state = 'open'")),)

    id: UUID = Field(primary_key=True)
    title: str = Field(sa_type=Text)
    product_id: str | None = Field(default=None, sa_type=Text)
    currency: str = Field(sa_type=Text)
    start_minor: int = Field(sa_type=BigInteger)
    increment_minor: int = Field(sa_type=BigInteger)
    reserve_minor: int = Field(sa_type=BigInteger)
    opens_at: datetime = Field(sa_type=TIME)
    closes_at: datetime = Field(sa_type=TIME)
    seller_id: UUID | None = None
    state: str = Field(sa_type=Text)
    winner_id: UUID | None = None
    price_minor: int | None = Field(default=None, sa_type=BigInteger)


class AuctionBidRow(InteractionTable, table=True):
    __tablename__ = "auction_bid"

    auction_id: UUID = Field(primary_key=True, foreign_key="auction.id")
    number: int = Field(primary_key=True)
    customer_id: UUID
    deputy_id: UUID | None = None
    amount_minor: int = Field(sa_type=BigInteger)
    bid_at: datetime = Field(sa_type=TIME)


class DeputyRow(InteractionTable, table=True):
    """A shopping agent; only the hash of its key is kept."""

    __tablename__ = "deputy"
    __table_args__ = (Index("deputy_customer", "customer_id"),)

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    name: str = Field(sa_type=Text)
    key_hash: bytes
    actions: list[str] = Field(sa_type=TEXTS)
    currency: str = Field(sa_type=Text)
    budget_minor: int = Field(sa_type=BigInteger)
    spent_minor: int = Field(sa_type=BigInteger)
    expires_at: datetime = Field(sa_type=TIME)
    revoked_at: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
