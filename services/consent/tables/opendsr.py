"""Requests that came by OpenDSR."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field

from services.consent.tables.metadata import TIME, ConsentTable


class OpenDsrRow(ConsentTable, table=True):
    """A controller's request and ours that answers it; nothing of the person."""

    __tablename__ = "opendsr_request"
    __table_args__ = (Index("opendsr_request_begun", "received_at", postgresql_where=text("request_id IS NOT NULL AND cancelled_at IS NULL")),)

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    controller: str = Field(sa_type=Text)
    regulation: str = Field(sa_type=Text)
    submitted_at: datetime = Field(sa_type=TIME)
    received_at: datetime = Field(sa_type=TIME)
    expected_at: datetime = Field(sa_type=TIME)
    request_id: UUID | None = Field(default=None, foreign_key="privacy_request.id")
    cancelled_at: datetime | None = Field(default=None, sa_type=TIME)
