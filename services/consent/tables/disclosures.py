"""What is collected, and what for: the public list."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.consent.tables.metadata import TIME, ConsentTable


class DisclosedFieldRow(ConsentTable, table=True):
    """A field that was collected, and since when."""

    __tablename__ = "disclosed_field"

    source: str = Field(sa_column=Column(Text, primary_key=True))
    place: str = Field(sa_column=Column(Text, primary_key=True))
    first_seen: datetime = Field(sa_type=TIME)


class CollectingSourceRow(ConsentTable, table=True):
    """Replica of what `ecrm.state.keys` says of a source: its name, its mode, the purposes of its fields, by place."""

    __tablename__ = "collecting_source"

    source: str = Field(sa_column=Column(Text, primary_key=True))
    version: int
    name: str = Field(sa_type=Text)
    mode: str = Field(sa_type=Text)
    purpose: str | None = Field(default=None, sa_type=Text)
    declared: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
