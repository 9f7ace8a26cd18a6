"""Where other providers deliver."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class InboxRow(InteractionTable, table=True):
    __tablename__ = "inbox_door"

    name: str = Field(sa_type=Text, primary_key=True)
    provider: str = Field(sa_type=Text)
    secret: str = Field(sa_type=Text)
    verify_token: str | None = Field(default=None, sa_type=Text)
    active: bool
    updated_at: datetime = Field(sa_type=TIME)
