"""The audit log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Computed, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from gateway.tables.metadata import TIME, GatewayTable


class AuditWaitingRow(GatewayTable, table=True):
    """Noted, not yet chained."""

    __tablename__ = "audit_waiting"

    id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_type=TIME)
    actor: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    method: str = Field(sa_type=Text)
    object: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    status: int
    request_id: str = Field(sa_type=Text)
    sees: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))


def _from_body(name: str) -> Column[str]:
    return Column(Text, Computed(f"(body::jsonb ->> '{name}')", persisted=True))


class AuditEntryRow(GatewayTable, table=True):
    """Chained: rows are only added. What is searched by is made of the text that is hashed."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("audit_entry_subject", "subject", "seq"),
        Index("audit_entry_actor", "actor", "seq"),
        Index("audit_entry_action", "action", "seq"),
        Index("audit_entry_at", "at"),
    )

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    body: str = Field(sa_type=Text)
    hash: bytes = Field(sa_type=LargeBinary)
    at: int | None = Field(default=None, sa_column=Column(BigInteger, Computed("((body::jsonb ->> 'at')::bigint)", persisted=True)))
    actor: str | None = Field(default=None, sa_column=_from_body("actor"))
    action: str | None = Field(default=None, sa_column=_from_body("action"))
    subject: str | None = Field(default=None, sa_column=_from_body("subject"))


class AuditAnchorRow(GatewayTable, table=True):
    """What the chain's head was, signed; the same is told on the log, outside of this database."""

    __tablename__ = "audit_anchor"

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    attested: str = Field(sa_type=Text)
    anchored_at: datetime = Field(sa_type=TIME)
