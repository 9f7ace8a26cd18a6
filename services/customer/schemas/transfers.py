"""Imports and exports over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from chassis.tabular import Layout
from services.customer.schemas.asked import Asked

ListName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w .-]+$", description="The values it tells have the source `import:<name>`.")]
FileFormat = Literal["csv", "whitespace", "jsonl", "parquet"]


class Price(Asked):
    amount: int = Field(ge=0, description="In minor units.")
    currency: str = Field(pattern="^[A-Z]{3}$")


class Origin(Asked):
    """Where a list comes from, above all a bought one. It is no permission to write to anybody: that is what the consent service keeps."""

    supplier: str | None = Field(None, max_length=200)
    licence: str | None = Field(None, max_length=500)
    price: Price | None = None
    obtained_on: date | None = None
    consent: Literal["none", "unknown", "opt_in", "opt_out"] = Field("unknown", description="What the supplier says of the people's consent.")
    note: str | None = Field(None, max_length=1000)


class DeclareImport(Asked):
    """An import whose file follows in pieces of at most 4 MiB."""

    name: ListName
    format: FileFormat = "csv"
    mapping: Layout = Layout()
    origin: Origin = Origin()
    dry_run: bool = False
    as_of: AwareDatetime | None = Field(None, description="Since when the rows are so, where they have no `updated_at`; default: now.")


class StartImport(Asked):
    parts: int = Field(ge=1, le=10_000, description="How many pieces were sent, numbered from 1.")


class ImportView(BaseModel):
    """How far an import is. `refused` rows are listed at `/errors`."""

    id: UUID
    name: str
    format: str
    origin: dict[str, Any]
    dry_run: bool
    state: str
    progress: float | None = Field(description="0..1; null until it is known how many rows there are.")
    total: int | None
    done: int
    created: int
    updated: int
    unchanged: int
    refused: int
    undone: int
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None


class ImportErrorView(BaseModel):
    line: int
    code: str
    reason: str


class ExportFilter(Asked):
    type: Literal["person", "organisation", "household"] | None = None
    owner: str | None = Field(None, max_length=200)
    traits: dict[str, Any] = Field(default={}, max_length=20, description="Traits with exactly these values.")


class AskExport(Asked):
    format: Literal["csv", "jsonl", "parquet"] = "csv"
    fields: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(default=[], max_length=500, description="Columns; default: all in use.")
    filter: ExportFilter = ExportFilter()
    purpose: str | None = Field(None, max_length=64, description="What the file is for: who does not allow it is left out.")
    channel: str | None = Field(None, max_length=64, description="Of the purpose; without one, one allowed channel is enough.")


class ExportView(BaseModel):
    """How far an export is; the file is at `/content` when it is done, for a week."""

    id: UUID
    format: str
    fields: list[str]
    filter: dict[str, Any]
    state: str
    progress: float | None
    total: int | None
    done: int
    bytes: int
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
