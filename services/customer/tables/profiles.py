"""What traits may be, what was refused, and each value that was ever taken over."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable


class TraitDefinitionRow(CustomerTable, table=True):
    """What a trait may be."""

    __tablename__ = "trait_definition"

    name: str = Field(sa_column=Column(Text, primary_key=True))
    schema_: dict[str, Any] = Field(sa_column=Column("schema", JSONB, nullable=False))
    title: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    classification: str = Field(sa_type=Text)
    sources: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    purpose: str = Field(sa_type=Text)
    version: int
    changed_at: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)


class TraitDefinitionChangeRow(CustomerTable, table=True):
    """One change of a definition; `document` is None where it was taken away.

    `swept_to` is how far the customers were looked through after it, `swept` that this is done or not needed.
    """

    __tablename__ = "trait_definition_change"
    __table_args__ = (
        Index("trait_definition_change_unswept", "id", postgresql_where=text("NOT swept")),
        Index("trait_definition_change_name", "name", "id"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    name: str = Field(sa_type=Text)
    version: int
    document: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    changed_at: datetime = Field(sa_type=TIME)
    changed_by: str = Field(sa_type=Text)
    swept_to: UUID | None = None
    swept: bool


class TraitRefusalRow(CustomerTable, table=True):
    """A value of an event that did not fit and was left out."""

    __tablename__ = "trait_refusal"
    __table_args__ = (
        Index("trait_refusal_once", "name", "source", "event_id", unique=True),
        Index("trait_refusal_name", "name", "id"),
    )

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    event_id: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    value: str | None = Field(default=None, sa_type=Text)
    at: datetime = Field(sa_type=TIME)


class TraitValueRow(CustomerTable, table=True):
    """A value that a customer's document took over; `value` is None where the trait was removed.

    `identity` is the one under which it was told, `aside` that another value counted more all the time.
    """

    __tablename__ = "trait_value"

    home_id: UUID = Field(primary_key=True)
    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    name: str = Field(sa_type=Text)
    value: Any = Field(default=None, sa_column=Column(JSONB))
    rank: int = Field(sa_type=SmallInteger)
    at: datetime = Field(sa_type=TIME)
    position_offset: int = Field(sa_type=BigInteger)
    position_partition: int
    event_id: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=TIME)
    identity: bytes | None = Field(default=None, sa_type=LargeBinary)
    aside: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
