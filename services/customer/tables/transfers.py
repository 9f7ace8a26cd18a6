"""Imports and exports: what was asked for, how far it is, and the bytes that come in or go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable

_NONE = {"server_default": text("0")}


class ImportRow(CustomerTable, table=True):
    """An import. `layout` is its mapping, `origin` where the list comes from; `done` counts the rows that were dealt with."""

    __tablename__ = "import_job"
    __table_args__ = (Index("import_job_waiting", "created_at", postgresql_where=text("state IN ('queued', 'running', 'undoing')")),)

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    format: str = Field(sa_type=Text)
    layout: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    origin: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    dry_run: bool
    state: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
    created_by: str = Field(sa_type=Text)
    as_of: datetime = Field(sa_type=TIME)
    started_at: datetime | None = Field(default=None, sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)
    parts: int = Field(default=0, sa_column_kwargs=_NONE)
    bytes: int = Field(default=0, sa_column_kwargs=_NONE)
    total: int | None = None
    done: int = Field(default=0, sa_column_kwargs=_NONE)
    created: int = Field(default=0, sa_column_kwargs=_NONE)
    updated: int = Field(default=0, sa_column_kwargs=_NONE)
    unchanged: int = Field(default=0, sa_column_kwargs=_NONE)
    refused: int = Field(default=0, sa_column_kwargs=_NONE)
    undone: int = Field(default=0, sa_column_kwargs=_NONE)
    error: str | None = Field(default=None, sa_type=Text)


class ImportPartRow(CustomerTable, table=True):
    """A piece of a file, until the import is done."""

    __tablename__ = "import_part"

    import_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ImportCustomerRow(CustomerTable, table=True):
    """A customer that an import made or told something of."""

    __tablename__ = "import_customer"

    import_id: UUID = Field(primary_key=True)
    home_id: UUID = Field(primary_key=True)
    created: bool


class ImportErrorRow(CustomerTable, table=True):
    """A row that was refused, and why; never its content."""

    __tablename__ = "import_error"

    import_id: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)
    code: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)


class ExportRow(CustomerTable, table=True):
    """An export. Empty `fields`: all that are in use."""

    __tablename__ = "export_job"
    __table_args__ = (Index("export_job_waiting", "created_at", postgresql_where=text("state IN ('queued', 'running')")),)

    id: UUID = Field(primary_key=True)
    format: str = Field(sa_type=Text)
    fields: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    filter: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    sensitive: bool
    state: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)
    created_by: str = Field(sa_type=Text)
    started_at: datetime | None = Field(default=None, sa_type=TIME)
    finished_at: datetime | None = Field(default=None, sa_type=TIME)
    total: int | None = None
    done: int = Field(default=0, sa_column_kwargs=_NONE)
    parts: int = Field(default=0, sa_column_kwargs=_NONE)
    bytes: int = Field(default=0, sa_column_kwargs=_NONE)
    error: str | None = Field(default=None, sa_type=Text)


class ExportPartRow(CustomerTable, table=True):
    """A piece of a file that goes out."""

    __tablename__ = "export_part"

    export_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
