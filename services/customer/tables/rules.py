"""Identity rules, and what they go by."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable


class IdentityRulesRow(CustomerTable, table=True):
    """A version of the rules; the newest counts."""

    __tablename__ = "identity_rules"

    version: int = Field(primary_key=True)
    document: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reason: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)


class DeviceSightingRow(CustomerTable, table=True):
    """An anonymous id was seen with a user id of another customer."""

    __tablename__ = "device_sighting"
    __table_args__ = (Index("device_sighting_age", "seen_at"),)

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    user_identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    seen_at: datetime = Field(sa_type=TIME)


class KeptApartRow(CustomerTable, table=True):
    """Two customers that a person found to be two."""

    __tablename__ = "kept_apart"
    __table_args__ = (Index("kept_apart_high", "high_id"),)

    low_id: UUID = Field(primary_key=True)
    high_id: UUID = Field(primary_key=True)
    reason: str = Field(sa_type=Text)
    decided_at: datetime = Field(sa_type=TIME)
    decided_by: str = Field(sa_type=Text)
