"""What became of what was accepted, minute by minute."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.interaction.domain import balancing
from services.interaction.settings import InteractionService
from services.interaction.store import intake


async def list_intake(service: InteractionService, *, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """What became of the events of each source and minute: told = stored + duplicate + conflict + dropped, and `state` says whether it is so."""
    async with service.read() as db:
        rows = await intake.list_minutes(db, since=since, until=until)
    found = []
    for row in rows:
        done = row["stored"] + row["duplicate"] + row["conflict"] + row["dropped"]
        told = (row["told_high"] or 0, row["told_low"] or 0)
        found.append({
            **{name: row[name] for name in ("minute", "source", "told", "stored", "duplicate", "conflict", "dropped", "refused")},
            "accepted": done,
            "state": balancing.state(told=row["told"], told_receipts=told, done=done, receipts=(row["xor_high"], row["xor_low"])),
            "receipts": f"{row['xor_high'] % 2**64:016x}{row['xor_low'] % 2**64:016x}",
        })
    return found
