"""Who was erased: nothing but keyed hashes and ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, LargeBinary
from sqlalchemy import Uuid as Id
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable


class ErasureRow(CustomerTable, table=True):
    """One erasure, kept for ever: what was one person, and how many rows of which table are gone."""

    __tablename__ = "erasure"

    request_id: UUID = Field(primary_key=True)
    customer_ids: list[UUID] = Field(sa_column=Column(ARRAY(Id), nullable=False))
    identities: list[bytes] = Field(sa_column=Column(ARRAY(LargeBinary), nullable=False))
    erased: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    erased_at: datetime = Field(sa_type=TIME)


class ErasedIdentityRow(CustomerTable, table=True):
    """An identity whose events are dropped."""

    __tablename__ = "erased_identity"

    identity: bytes = Field(primary_key=True)
    request_id: UUID
    erased_at: datetime = Field(sa_type=TIME)


class ErasedIdentityChangeRow(CustomerTable, table=True):
    """A change of the erased identities."""

    __tablename__ = "erased_identity_change"

    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    at: datetime = Field(sa_type=TIME)
