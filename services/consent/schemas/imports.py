"""Imports of old consents."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel


class ImportView(BaseModel):
    """`state`: waiting, done or failed. `recorded`: new statements (in a dry run: that would be); `unchanged`: taken before; `refused`: see the errors."""

    id: UUID
    name: str
    format: str
    layout: dict[str, Any]
    dry_run: bool
    state: str
    created_at: datetime
    finished_at: datetime | None
    rows: int | None
    done: int
    recorded: int
    unchanged: int
    refused: int
    error: str | None


class ImportErrorView(BaseModel):
    line: int
    code: str
    reason: str
