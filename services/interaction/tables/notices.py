"""Messages of service that somebody or something here asked for: answers to cases, confirmations of orders."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class NoticeRuleRow(InteractionTable, table=True):
    """With which template of the campaign service messages of a kind are sent."""

    __tablename__ = "notice_rule"

    kind: str = Field(sa_column=Column(Text, primary_key=True))
    template_id: UUID
    active: bool
    changed_at: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)


class NoticeRow(InteractionTable, table=True):
    """One message; `about` is the case's or order's id, `data` (JSON) what the template gets."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("notice_due", "next_at", postgresql_where=text("state = 'waiting'")), Index("notice_message", "message_id"), Index("notice_about", "about"),
        Index("notice_identity", "identity"), Index("notice_customer", "customer_id"), Index("notice_interaction", "interaction_id"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    about: str = Field(sa_type=Text)
    interaction_id: UUID | None = None
    identity: bytes | None = Field(default=None, sa_type=LargeBinary)
    customer_id: UUID | None = None
    template_id: UUID
    reply_to: str = Field(sa_type=Text)
    data: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    message_id: UUID | None = None
    attempts: int
    round: int
    created_at: datetime = Field(sa_type=TIME)
    next_at: datetime = Field(sa_type=TIME)
    changed_at: datetime = Field(sa_type=TIME)
