"""Old consents from files."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.consent.tables.metadata import TIME, ConsentTable

ZERO = {"server_default": text("0")}


class ImportRow(ConsentTable, table=True):
    """One file; its content is dropped when all of it is done."""

    __tablename__ = "consent_import"
    __table_args__ = (Index("consent_import_waiting", "created_at", postgresql_where=text("state = 'waiting'")),)

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    format: str = Field(sa_type=Text)
    layout: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    dry_run: bool
    state: str = Field(sa_type=Text)
    actor: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)
    rows: int | None = Field(default=None, sa_type=BigInteger)
    done: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=ZERO)
    recorded: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=ZERO)
    unchanged: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=ZERO)
    refused: int = Field(default=0, sa_type=BigInteger, sa_column_kwargs=ZERO)
    error: str | None = Field(default=None, sa_type=Text)
    content: bytes | None = Field(default=None, sa_type=LargeBinary)


class ImportErrorRow(ConsentTable, table=True):
    """A row that was refused."""

    __tablename__ = "consent_import_error"

    import_id: UUID = Field(primary_key=True, foreign_key="consent_import.id")
    line: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    code: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)


class ImportedRow(ConsentTable, table=True):
    """What a row said, as a digest, and the entry it became: the same row again is nothing new."""

    __tablename__ = "imported"

    digest: bytes = Field(primary_key=True, sa_type=LargeBinary)
    entry_id: UUID = Field(foreign_key="entry.id")
