"""Forgetting what was kept long enough."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from services.interaction.settings import InteractionService
from services.interaction.store import quarantine

_AT_ONCE: Final = 5000


async def forget_quarantine(service: InteractionService) -> bool:
    """Delete payloads older than the setting says. Returns whether there are more."""
    before = service.clock.now() - timedelta(days=service.settings.quarantine_days)
    async with service.transaction() as tx:
        return await quarantine.delete_older(tx.db, before, _AT_ONCE) >= _AT_ONCE
