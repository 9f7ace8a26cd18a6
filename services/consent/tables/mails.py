"""Links to confirm that are sent by mail."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlmodel import Field

from services.consent.tables.metadata import TIME, ConsentTable


class ConfirmTemplateRow(ConsentTable, table=True):
    """With which template of the campaign service a link is sent in a language."""

    __tablename__ = "confirm_template"

    language: str = Field(sa_column=Column(Text, primary_key=True))
    template_id: UUID
    changed_at: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)


class ConfirmMailRow(ConsentTable, table=True):
    """A pending grant whose link is to be sent, and what became of it."""

    __tablename__ = "confirm_mail"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'accepted', 'failed', 'skipped')"),
        Index("confirm_mail_due", "next_at", postgresql_where=text("state = 'waiting'")),
        Index("confirm_mail_age", "changed_at"),
    )

    entry_id: UUID = Field(primary_key=True, foreign_key="entry.id")
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'waiting'")))
    reason: str | None = Field(default=None, sa_type=Text)
    message_id: UUID | None = None
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    created_at: datetime = Field(sa_type=TIME)
    next_at: datetime = Field(sa_type=TIME)
    changed_at: datetime = Field(sa_type=TIME)
