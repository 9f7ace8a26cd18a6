"""Inbound mail: threads, how much one address sends, attachments."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class MailThreadRow(InteractionTable, table=True):
    """Which thread a Message-ID (its hash) belongs to."""

    __tablename__ = "mail_thread"

    message: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    thread: UUID
    seen_at: datetime = Field(sa_type=TIME)


class MailSenderRow(InteractionTable, table=True):
    """How many mails an address sent in an hour."""

    __tablename__ = "mail_sender"

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    hour: datetime = Field(sa_column=Column(TIME, primary_key=True))
    mails: int


class AttachmentRow(InteractionTable, table=True):
    """A file that came with a mail, once whoever sent it."""

    __tablename__ = "attachment"
    __table_args__ = (Index("attachment_stored", "stored_at"),)

    sha256: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    media_type: str = Field(sa_type=Text)
    size: int
    content: bytes
    stored_at: datetime = Field(sa_type=TIME)


class AttachmentUseRow(InteractionTable, table=True):
    """Which interaction has a file; `checked_at`: when it was last seen that the interaction is still there."""

    __tablename__ = "attachment_use"
    __table_args__ = (Index("attachment_use_file", "sha256"), Index("attachment_use_checked", "checked_at"))

    interaction_id: UUID = Field(primary_key=True)
    sha256: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    received_at: datetime = Field(sa_type=TIME)
    checked_at: datetime = Field(sa_type=TIME)
