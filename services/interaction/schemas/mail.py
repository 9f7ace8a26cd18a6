"""Inbound mail as answered."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field


class MailRecipient(BaseModel):
    """One recipient a report speaks of. `kind`: hard (nobody will ever be reached there) or soft; of a complaint: complaint."""

    recipient: str
    kind: str
    status: str | None = Field(None, description="RFC 3463; x.0.0 where only the class is known.")
    hard: bool = False
    reply: str | None = Field(None, description="SMTP reply code.")
    category: str | None = None
    action: str | None = None
    diagnostic: str | None = None


class TakenMail(BaseModel):
    """What was made of a mail. `kind`: email, bounce or complaint; `status`: that of the first recipient of a report."""

    kind: str
    status: str | None = None
    feedback: str | None = None
    automatic: bool
    automatic_reason: str | None = None
    recipients: list[MailRecipient] = []
    thread: UUID
    message_id: str
    reply_to_message: UUID | None = Field(None, description="The message of ours it answers or is about.")
    about: str | None = Field(None, description="Message-ID of the message a report is about.")
    ids: list[UUID] = Field(description="The interactions it becomes, one for each recipient of a report.")
