"""What was said, append-only; its personal parts, which can be erased; the chain over it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Sequence, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlmodel import Field

from services.consent.tables.metadata import NOW, TIME, ConsentTable

TICK = Sequence("ledger_tick", metadata=ConsentTable.metadata)
NEXT_TICK = {"server_default": TICK.next_value()}


class EntryRow(ConsentTable, table=True):
    """A line in the ledger without anything personal; never changed."""

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("state IN ('granted', 'withdrawn', 'expired', 'pending', 'merged', 'unmerged', 'split', 'linked', 'erased')"),
        Index("entry_refers", "refers", postgresql_using="gin", postgresql_where=text("state = 'granted'")),
    )

    id: UUID = Field(primary_key=True)
    purpose: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    wording_version: int
    legal_basis: str = Field(sa_type=Text)
    said_at: datetime = Field(sa_type=TIME)
    recorded_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
    expires_at: datetime | None = Field(default=None, sa_type=TIME)
    refers: list[UUID] = Field(sa_column=Column(ARRAY(PG_UUID(as_uuid=True)), nullable=False, server_default=text("'{}'")))
    tick: int = Field(sa_type=BigInteger, sa_column_kwargs=NEXT_TICK)


class EntryPersonRow(ConsentTable, table=True):
    """The personal parts of a line, and the salt of the commitment to them."""

    __tablename__ = "entry_person"
    __table_args__ = (
        CheckConstraint("customer_id IS NOT NULL OR identity IS NOT NULL"),
        Index("entry_person_customer", "customer_id", "entry_id", postgresql_where=text("customer_id IS NOT NULL")),
        Index("entry_person_identity", "identity", "entry_id", postgresql_where=text("identity IS NOT NULL")),
        Index("entry_person_into", text("(evidence ->> 'into')"), postgresql_where=text("evidence ? 'into'")),
    )

    entry_id: UUID = Field(primary_key=True, foreign_key="entry.id")
    customer_id: UUID | None = None
    identity: bytes | None = Field(default=None, sa_type=LargeBinary)
    language: str | None = Field(default=None, sa_type=Text)
    source: str = Field(sa_type=Text)
    evidence: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    actor: str = Field(sa_type=Text)
    salt: bytes = Field(sa_type=LargeBinary)


class UnsealedRow(ConsentTable, table=True):
    """Committed, not chained yet."""

    __tablename__ = "unsealed"

    tick: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(sa_type=Text)
    ref: str = Field(sa_type=Text)


class ChainLinkRow(ConsentTable, table=True):
    """A link of the chain; never changed."""

    __tablename__ = "chain_link"

    seq: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    tick: int = Field(sa_type=BigInteger, unique=True)
    kind: str = Field(sa_type=Text)
    ref: str = Field(sa_type=Text)
    body: str = Field(sa_type=Text)
    hash: bytes = Field(sa_type=LargeBinary)


class ChainRootRow(ConsentTable, table=True):
    """A signed root; never changed."""

    __tablename__ = "chain_root"

    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    first: int = Field(sa_type=BigInteger)
    last: int = Field(sa_type=BigInteger)
    root: bytes = Field(sa_type=LargeBinary)
    head: bytes = Field(sa_type=LargeBinary)
    signed_at: datetime = Field(sa_type=TIME)
    kid: str = Field(sa_type=Text)
    signature: bytes = Field(sa_type=LargeBinary)


class PendingRow(ConsentTable, table=True):
    """A grant that waits for its confirmation."""

    __tablename__ = "pending"
    __table_args__ = (Index("pending_expires", "expires_at"),)

    entry_id: UUID = Field(primary_key=True, foreign_key="entry.id")
    expires_at: datetime = Field(sa_type=TIME)
