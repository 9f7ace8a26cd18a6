"""Messages of service: rules and what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.interaction.settings import InteractionService
from services.interaction.store import notices as store


async def list_rules(service: InteractionService) -> list[dict[str, Any]]:
    async with service.read() as db:
        return [dict(row) for row in await store.list_rules(db)]


async def list_notices(
    service: InteractionService, *, about: str | None = None, kind: str | None = None, state: str | None = None,
    before: tuple[datetime, UUID] | None = None, limit: int = 50,
) -> tuple[list[dict[str, Any]], tuple[datetime, UUID] | None]:
    """A page, the newest first, and where the next begins."""
    async with service.read() as db:
        rows = await store.list_notices(db, about=about, kind=kind, state=state, before=before, limit=limit + 1)
    following = (rows[limit - 1]["created_at"], rows[limit - 1]["id"]) if len(rows) > limit else None
    return [dict(row) for row in rows[:limit]], following
