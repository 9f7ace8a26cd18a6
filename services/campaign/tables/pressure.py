"""Rows of contact pressure."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class PressurePolicyRow(CampaignTable, table=True):
    """Every policy that ever held, since when; the newest holds."""

    __tablename__ = "pressure_policy"

    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    policy: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    since: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)


class ContactPressureRow(CampaignTable, table=True):
    """One row per person that is ever asked about: who holds its lock decides alone."""

    __tablename__ = "contact_pressure"

    customer_id: UUID = Field(primary_key=True)


class PressureProgrammeRow(CampaignTable, table=True):
    """The programme that a campaign or journey belongs to, as caps know it; without a row it is one of its own."""

    __tablename__ = "pressure_programme"

    origin_id: UUID = Field(primary_key=True)
    programme: str = Field(sa_type=Text)


class AnnoyanceRow(CampaignTable, table=True):
    """A sign that somebody had enough: `unsubscribe` or `complaint`."""

    __tablename__ = "annoyance"
    __table_args__ = (Index("annoyance_time", "at"), Index("annoyance_customer", "customer_id"))

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    customer_id: UUID | None = None
    message_id: UUID | None = None
    at: datetime = Field(sa_type=TIME)
