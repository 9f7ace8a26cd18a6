"""What became of what was accepted, minute by minute."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.interaction.domain import balancing
from services.interaction.settings import InteractionService
from services.interaction.store import intake


async def list_intake(service: InteractionService, *, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """What became of the events of each source and minute: told = stored + duplicate + conflict + dropped + violated, and `state` says whether it is so."""
    async with service.read() as db:
        return [balancing.minute(dict(row)) for row in await intake.list_minutes(db, since=since, until=until)]
