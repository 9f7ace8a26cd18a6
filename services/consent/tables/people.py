"""Whose words they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.consent.tables.metadata import TIME, ConsentTable


class PersonRow(ConsentTable, table=True):
    """What a person said, what counts for its family, and the lock of both."""

    __tablename__ = "person"
    __table_args__ = (
        Index("person_root", "root_id"),
        Index("person_lapses", "lapses_at", postgresql_where=text("lapses_at IS NOT NULL")),
    )

    customer_id: UUID = Field(primary_key=True)
    root_id: UUID
    said: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    effective: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'")))
    version: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    lapses_at: datetime | None = Field(default=None, sa_type=TIME)


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
