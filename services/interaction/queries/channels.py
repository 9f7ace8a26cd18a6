"""Rooms, auctions, shopping agents and inboxes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.interaction import errors
from services.interaction.settings import InteractionService
from services.interaction.store import channels as store
from services.interaction.store import replicas


async def list_rooms(service: InteractionService) -> list[dict[str, Any]]:
    async with service.read() as db:
        return [dict(row) for row in await store.list_rooms(db)]


async def list_posts(
    service: InteractionService, *, slug: str, thread: UUID | None, after: UUID | None, limit: int
) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page, the oldest first; hidden posts without their text. Raises Unknown."""
    async with service.read() as db:
        if await store.find_room(db, slug) is None:
            raise errors.unknown_room()
        rows = await store.list_posts(db, room=slug, thread=thread, after=after, limit=limit + 1)
    shown = [{**row, "text": "" if row["hidden"] else row["text"]} for row in rows[:limit]]
    return shown, rows[limit - 1]["id"] if len(rows) > limit else None


async def get_auction(service: InteractionService, *, auction_id: UUID) -> dict[str, Any]:
    """With its bids, the highest first. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_auction(db, auction_id)
        if row is None:
            raise errors.unknown_auction()
        bids = await store.list_bids(db, auction_id)
    return _auction(row, bids)


async def list_auctions(service: InteractionService, *, state: str | None, limit: int) -> list[dict[str, Any]]:
    """Those that close last come first."""
    async with service.read() as db:
        return [_auction(row, await store.list_bids(db, row["id"])) for row in await store.list_auctions(db, state=state, limit=limit)]


async def get_deputy(service: InteractionService, *, deputy_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        row = await store.find_deputy(db, deputy_id)
    if row is None:
        raise errors.unknown_deputy()
    return dict(row)


async def list_deputies(service: InteractionService, *, customer_id: UUID) -> list[dict[str, Any]]:
    """A customer's agents, those of everybody merged into it too."""
    async with service.read() as db:
        family = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
        return [dict(row) for row in await store.list_deputies(db, family)]


async def list_inboxes(service: InteractionService) -> list[dict[str, Any]]:
    async with service.read() as db:
        rows = await store.list_inboxes(db)
    return [{**row, "url": f"{service.platform.public_url.rstrip('/')}/in/{row['name']}"} for row in rows]


def _auction(row: Any, bids: list[Any]) -> dict[str, Any]:
    least = bids[0]["amount_minor"] + row["increment_minor"] if bids else row["start_minor"]
    return {**row, "bids": [dict(bid) for bid in bids], "least_minor": least}
