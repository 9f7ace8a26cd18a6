"""What was set aside: quarantine, dead letters, and the counters that must add up."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import dead_letters
from services.interaction import errors
from services.interaction.settings import InteractionService
from services.interaction.store import interactions
from services.interaction.store import quarantine as store

_SHOWN = ("id", "source", "code", "detail", "message_id", "digest", "size", "received_at", "state", "closed_at")


async def list_quarantine(
    service: InteractionService, *, state: str = "open", source: str | None = None, code: str | None = None, after: UUID | None = None,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page of payloads with their reasons, oldest first, without their content."""
    async with service.read() as db:
        rows = await store.list_kept(db, state=state, source=source, code=code, after=after, limit=limit + 1)
    return [{name: row[name] for name in _SHOWN} for row in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else None


async def get_quarantined(service: InteractionService, *, entry_id: UUID) -> dict[str, Any]:
    """One payload with its content, as far as it was kept, as text. Raises Unknown."""
    async with service.read() as db:
        row = await store.find(db, entry_id)
    if row is None:
        raise errors.unknown_quarantine()
    return {**{name: row[name] for name in _SHOWN}, "payload": bytes(row["payload"]).decode("utf-8", "replace").replace("\x00", "\ufffd")}


async def list_dead_letters(
    service: InteractionService, *, state: str = "open", after: UUID | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Records that could not be processed, with their causes, oldest first."""
    async with service.read() as db:
        return await dead_letters.listed(db, state=state, after=after, limit=limit)


async def list_intake(service: InteractionService, *, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """What became of the accepted events of each source and minute: accepted = stored + duplicate + conflict + dropped."""
    async with service.read() as db:
        rows = await interactions.list_intake(db, since=since, until=until)
    return [
        {
            **{name: row[name] for name in ("minute", "source", "stored", "duplicate", "conflict", "dropped", "refused")},
            "accepted": row["stored"] + row["duplicate"] + row["conflict"] + row["dropped"],
            "receipts": f"{row['xor_high'] % 2**64:016x}{row['xor_low'] % 2**64:016x}",
        }
        for row in rows
    ]
