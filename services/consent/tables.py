"""Rows of this service, as the migrations make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

TIME = TIMESTAMP(timezone=True)
NOW = {"server_default": text("now()")}


class ConsentTable(SQLModel, registry=registry()):
    """The metadata of this service alone."""


class PurposeRow(ConsentTable, table=True):
    """A version of a purpose; never changed."""

    __tablename__ = "purpose"
    __table_args__ = (CheckConstraint("basis IN ('opt_in', 'opt_out')"),)

    purpose: str = Field(primary_key=True, sa_type=Text)
    version: int = Field(primary_key=True)
    basis: str = Field(sa_type=Text)
    legal_basis: str = Field(sa_type=Text)
    channels: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    title: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    wording: dict[str, str] = Field(sa_column=Column(JSONB, nullable=False))
    defined_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
    defined_by: str = Field(sa_type=Text)


class EntryRow(ConsentTable, table=True):
    """A statement in the ledger; never changed."""

    __tablename__ = "entry"
    __table_args__ = (
        CheckConstraint("state IN ('granted', 'withdrawn')"),
        CheckConstraint("customer_id IS NOT NULL OR identity IS NOT NULL"),
        Index("entry_customer", "customer_id", "id", postgresql_where=text("customer_id IS NOT NULL")),
        Index("entry_identity", "identity", "id", postgresql_where=text("identity IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    customer_id: UUID | None = None
    identity: bytes | None = Field(default=None, sa_type=LargeBinary)
    purpose: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    wording_version: int
    language: str | None = Field(default=None, sa_type=Text)
    legal_basis: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    evidence: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    actor: str = Field(sa_type=Text)
    said_at: datetime = Field(sa_type=TIME)
    recorded_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)


class PersonRow(ConsentTable, table=True):
    """What a person said, what counts for its family, and the lock of both."""

    __tablename__ = "person"
    __table_args__ = (Index("person_root", "root_id"),)

    customer_id: UUID = Field(primary_key=True)
    root_id: UUID
    said: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    effective: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    version: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class MergeRow(ConsentTable, table=True):
    """One customer became part of another."""

    __tablename__ = "merge"
    __table_args__ = (Index("merge_into", "into_id"),)

    merged_id: UUID = Field(primary_key=True)
    into_id: UUID
    merged_at: datetime = Field(sa_type=TIME)


class IdentityRow(ConsentTable, table=True):
    """Replica of `ecrm.state.identity`."""

    __tablename__ = "identity_map"

    identity: bytes = Field(primary_key=True, sa_type=LargeBinary)
    kind: str = Field(sa_type=Text)
    customer_id: UUID


class WaitingRow(ConsentTable, table=True):
    """A statement whose person is not known yet."""

    __tablename__ = "waiting"
    __table_args__ = (Index("waiting_identity", "identity"),)

    entry_id: UUID = Field(primary_key=True, foreign_key="entry.id")
    identity: bytes = Field(sa_type=LargeBinary)


class PermitKeyRow(ConsentTable, table=True):
    """Public keys of permits; never forgotten."""

    __tablename__ = "permit_key"

    kid: str = Field(primary_key=True, sa_type=Text)
    public_key: bytes = Field(sa_type=LargeBinary)
    first_used_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)


class PermitBatchRow(ConsentTable, table=True):
    """A batch of permits with one signature."""

    __tablename__ = "permit_batch"
    __table_args__ = (Index("permit_batch_open", "id", postgresql_where=text("closed_at IS NULL")),)

    id: UUID = Field(primary_key=True)
    kid: str = Field(sa_type=Text)
    size: int
    root: bytes = Field(sa_type=LargeBinary)
    signature: bytes = Field(sa_type=LargeBinary)
    leaves: bytes = Field(sa_type=LargeBinary)
    people: list[UUID] = Field(sa_column=Column(ARRAY(PG_UUID(as_uuid=True)), nullable=False))
    purposes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    granted_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    outcomes: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
