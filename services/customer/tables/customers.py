"""Customers and their identities."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable


class CustomerRow(CustomerTable, table=True):
    """A customer. `root_id` answers for it, `merged_into` is the edge of the merge, `traits` are those told under this very customer.

    `registered_at` is when they came, `recorded_at` when this service learned of it.
    """

    __tablename__ = "customer"
    __table_args__ = (
        Index("customer_root", "root_id"),
        Index("customer_owner", "owner", "id", postgresql_where=text("owner IS NOT NULL")),
        Index("customer_type", "type", "id", postgresql_where=text("type <> 'person'")),
        Index("customer_terms", text("string_to_array(search, ' ')"), postgresql_using="gin", postgresql_where=text("search IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    root_id: UUID
    merged_into: UUID | None = None
    registered_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
    source: str = Field(sa_type=Text)
    version: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    has_user: bool
    known: bool
    traits: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    search: str | None = Field(default=None, sa_type=Text)
    type: str = Field(default="person", sa_type=Text, sa_column_kwargs={"server_default": text("'person'")})
    recorded_at: datetime = Field(sa_type=TIME, sa_column_kwargs={"server_default": text("now()")})
    extended: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    owner: str | None = Field(default=None, sa_type=Text)


class IdentityRow(CustomerTable, table=True):
    """One way to recognise a person. `customer_id` answers for it now, `home_id` is where it was first seen."""

    __tablename__ = "identity"
    __table_args__ = (Index("identity_customer", "customer_id"),)

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    kind: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    customer_id: UUID
    home_id: UUID
    linked_at: datetime = Field(sa_type=TIME)
    source: str = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=TIME, sa_column_kwargs={"server_default": text("now()")})


class SearchWordRow(CustomerTable, table=True):
    """A word of somebody's name: what begun and misspelt words are looked up in."""

    __tablename__ = "search_word"

    word: str = Field(sa_column=Column(Text, primary_key=True))
