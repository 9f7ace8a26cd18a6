"""What was set aside: quarantine and dead letters."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from chassis import dead_letters
from services.interaction import errors
from services.interaction.settings import InteractionService
from services.interaction.store import quarantine as store

_SHOWN = ("id", "source", "code", "detail", "message_id", "digest", "size", "received_at", "state", "closed_at")


async def list_quarantine(
    service: InteractionService, *, state: str = "open", source: str | None = None, code: str | None = None, after: UUID | None = None,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page of payloads with their reasons, oldest first, without their content."""
    async with service.read() as db:
        rows = await store.list_kept(db, state=state, source=source, code=code, after=after, limit=limit + 1)
    return [_shown(row) for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else None


async def get_quarantined(service: InteractionService, *, entry_id: UUID) -> dict[str, Any]:
    """One payload with its content, as far as it was kept, as text. Raises Unknown."""
    async with service.read() as db:
        row = await store.find(db, entry_id)
    if row is None:
        raise errors.unknown_quarantine()
    return {**_shown(row), "payload": bytes(row["payload"]).decode("utf-8", "replace").replace("\x00", "\ufffd")}


def _shown(row: Any) -> dict[str, Any]:
    return {**{name: row[name] for name in _SHOWN}, "errors": msgspec.json.decode(row["errors"]) if row["errors"] else []}


async def list_dead_letters(
    service: InteractionService, *, state: str = "open", after: UUID | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Records that could not be processed, with their causes, oldest first."""
    async with service.read() as db:
        return await dead_letters.listed(db, state=state, after=after, limit=limit)
