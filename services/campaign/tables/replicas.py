"""Rows of what others told: whose an identity is, orders, scores."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import BIGINT, JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class IdentityRow(CampaignTable, table=True):
    """Whose an identity (its keyed hash) is now."""

    __tablename__ = "identity_map"
    __table_args__ = (Index("identity_map_customer", "customer_id"),)

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    kind: str = Field(sa_type=Text)
    customer_id: UUID


class OrderRow(CampaignTable, table=True):
    """An order as it stands; `look_at`: when programmes and attribution look at it (again), null when they have."""

    __tablename__ = "customer_order"
    __table_args__ = (
        Index("customer_order_identity", "identity", "ordered_at"),
        Index("customer_order_waiting", "look_at", postgresql_where=text("look_at IS NOT NULL")),
    )

    order_id: str = Field(primary_key=True, sa_type=Text)
    identity: bytes = Field(sa_type=LargeBinary)
    version: int
    status: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    ordered_at: datetime = Field(sa_type=TIME)
    delivered_at: datetime | None = Field(default=None, sa_type=TIME)
    net_minor: int = Field(sa_type=BIGINT)
    refunded_minor: int = Field(sa_type=BIGINT)
    coupon: str | None = Field(default=None, sa_type=Text)
    lines: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    look_at: datetime | None = Field(default=None, sa_type=TIME)
    looks: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class ScoreRow(CampaignTable, table=True):
    """The newest value of a customer's score: stage, tier, rfm, …"""

    __tablename__ = "customer_score"
    __table_args__ = (Index("customer_score_value", "score", "value", "customer_id"),)

    customer_id: UUID = Field(primary_key=True)
    score: str = Field(primary_key=True, sa_type=Text)
    value: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=TIME)
