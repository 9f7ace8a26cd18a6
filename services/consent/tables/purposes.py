"""What consent is asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.consent.tables.ledger import NEXT_TICK
from services.consent.tables.metadata import NOW, TIME, ConsentTable


class PurposeRow(ConsentTable, table=True):
    """A version of a purpose; never changed."""

    __tablename__ = "purpose"
    __table_args__ = (CheckConstraint("basis IN ('opt_in', 'double_opt_in', 'opt_out')"),)

    purpose: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(primary_key=True)
    basis: str = Field(sa_type=Text)
    legal_basis: str = Field(sa_type=Text)
    channels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    title: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    wording: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    defined_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
    defined_by: str = Field(sa_type=Text)
    consequences: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    expires_after_days: int | None = None
    tick: int = Field(sa_type=BigInteger, sa_column_kwargs=NEXT_TICK)


class ConsentModeRow(ConsentTable, table=True):
    """Which purposes a type of a consent mode speaks of."""

    __tablename__ = "consent_mode"

    type: str = Field(primary_key=True, sa_type=Text)
    purposes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
