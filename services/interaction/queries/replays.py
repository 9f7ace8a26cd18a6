"""How far replays are."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from services.interaction import errors
from services.interaction.settings import InteractionService
from services.interaction.store import replays as store

_SHOWN: Final = (
    "id", "what", "source", "since", "until", "code", "state", "found", "sent", "refused", "requested_by", "requested_at", "finished_at",
)


async def get_replay(service: InteractionService, *, replay_id: UUID) -> dict[str, Any]:
    """One. Raises Unknown."""
    async with service.read() as db:
        row = await store.find(db, replay_id)
    if row is None:
        raise errors.unknown_replay()
    return {name: row[name] for name in _SHOWN}


async def list_replays(service: InteractionService, *, limit: int) -> list[dict[str, Any]]:
    """Newest first."""
    async with service.read() as db:
        return [{name: row[name] for name in _SHOWN} for row in await store.list_newest(db, limit)]
