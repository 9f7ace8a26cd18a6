"""Journeys as the rest of the service sees them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class Journey(NamedTuple):
    """A journey as stored; `version` is the one that takes people in, 0: none yet."""

    id: UUID
    name: str
    status: str
    version: int
    draft: dict[str, Any]
    draft_number: int
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
