"""Whose events are dropped: nothing but keyed hashes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class ErasureRow(InteractionTable, table=True):
    """An erasure that was carried out here."""

    __tablename__ = "erasure"

    request_id: UUID = Field(primary_key=True)
    erased_at: datetime = Field(sa_type=TIME)


class ErasedIdentityRow(InteractionTable, table=True):
    """An identity whose events are dropped."""

    __tablename__ = "erased_identity"
    __table_args__ = (Index("erased_identity_request", "request_id"),)

    identity: bytes = Field(primary_key=True)
    request_id: UUID


class ErasedIdentityChangeRow(InteractionTable, table=True):
    """A change of the erased identities."""

    __tablename__ = "erased_identity_change"

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    at: datetime = Field(sa_type=TIME)
