"""Chat rooms and boards: what customers post there is an interaction of theirs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis import ids
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.settings import InteractionService
from services.interaction.store import channels as store


async def open_room(service: InteractionService, *, slug: str, kind: str, title: str) -> dict[str, Any]:
    """Open a room or board, or open it again. Raises Conflict where there is one of the other kind."""
    async with service.transaction() as tx:
        row = await store.put_room(tx.db, slug=slug, kind=kind, title=title, now=service.clock.now())
    if row is None:
        raise errors.other_kind_of_room()
    return dict(row)


async def close_room(service: InteractionService, *, slug: str) -> dict[str, Any]:
    """Nobody posts there any more. Raises Unknown."""
    async with service.transaction() as tx:
        row = await store.close_room(tx.db, slug)
    if row is None:
        raise errors.unknown_room()
    return dict(row)


async def post(
    service: InteractionService, *, slug: str, customer_id: UUID, text: str, in_reply_to: UUID | None, source_id: str | None
) -> dict[str, Any]:
    """A customer's post, shown in the room and told to the timeline in one transaction. Raises Unknown, Conflict."""
    key = await posting.key_of(service, customer_id)
    post_id = ids.new_id()
    async with service.transaction() as tx:
        room = await store.find_room(tx.db, slug)
        if room is None:
            raise errors.unknown_room()
        if room["closed"]:
            raise errors.closed_room()
        thread = post_id
        if in_reply_to is not None:
            answered = await store.find_post(tx.db, slug, in_reply_to)
            if answered is None:
                raise errors.unknown_post()
            thread = answered["thread"]
        row = {
            "id": post_id, "room": slug, "thread": thread, "in_reply_to": in_reply_to, "customer_id": customer_id, "text": text, "hidden": False,
            "posted_at": service.clock.now(),
        }
        body = {
            "id": f"post:{post_id}", "kind": f"{room['kind']}_post", "customer": key, "initiator": "customer", "room": slug,
            "post_id": str(post_id), "thread": str(thread), "text": text,
            **({"in_reply_to": str(in_reply_to)} if in_reply_to else {}),
        }
        _, record = await posting.touchpoint_record(service, body=body, source_id=source_id)
        await store.insert_post(tx.db, row)
        tx.append(record)
    return row


async def hide_post(service: InteractionService, *, slug: str, post_id: UUID) -> dict[str, Any]:
    """Show its text no more; on the timeline of who wrote it, it stays. Raises Unknown."""
    async with service.transaction() as tx:
        row = await store.hide_post(tx.db, slug, post_id)
    if row is None:
        raise errors.unknown_post()
    return {**row, "text": ""}
