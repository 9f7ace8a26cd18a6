"""The recorded past, for services that run something over it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from contracts.interaction import InteractionRecorded
from services.interaction.settings import InteractionService
from services.interaction.store import recorded

#: So much is looked through for one page: months are read in slices, each answered by its own blocks.
SLICE: Final = timedelta(days=1)
ROWS: Final = 5_000

_record = msgspec.json.Decoder(InteractionRecorded).decode


async def list_recorded(
    service: InteractionService, *, names: Collection[str], since: datetime, after: UUID | None, until: datetime
) -> tuple[list[dict[str, Any]], tuple[datetime, UUID | None] | None]:
    """Events with one of the names, by the time they were received, and where the next page begins (None: at the end).

    A page may be empty and still have one behind it.
    """
    end = min(until, since + SLICE)
    async with service.read() as db:
        rows = await recorded.page(db, since=since, after=after, until=end, limit=ROWS)
    found = []
    for row in rows:
        record = _record(row["record"])
        if record.name in names:
            found.append({
                "event_id": record.id, "name": record.name, "identity": record.identity, "occurred_at": record.occurred_at,
                "received_at": record.received_at, "properties": record.personal.properties,
            })
    if len(rows) == ROWS:
        return found, (rows[-1]["received_at"], rows[-1]["id"])
    return found, (end, None) if end < until else None
