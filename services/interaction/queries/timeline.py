"""The timeline of a customer: events of all identities and messages we sent, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from contracts.interaction import InteractionRecorded
from services.interaction import errors
from services.interaction.settings import InteractionService
from services.interaction.store import interactions, replicas

MESSAGE: Final = "message"

_record = msgspec.json.Decoder(InteractionRecorded).decode
_decode = msgspec.json.Decoder().decode

Cursor = tuple[datetime, UUID]


async def list_timeline(
    service: InteractionService, *, customer_id: UUID, kind: str | None = None, channel: str | None = None, initiator: str | None = None,
    purpose: str | None = None, since: datetime | None = None, until: datetime | None = None, before: Cursor | None = None, limit: int = 50,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of entries and where the next begins. A merged customer answers with its survivor's; nobody's timeline is empty."""
    async with service.read() as db:
        family = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
        identities = [row["identity"] for row in await replicas.list_identities(db, family)]
        rows = []
        if identities and kind != MESSAGE:
            rows = await interactions.list_timeline(
                db, identities=identities, kind=kind, channel=channel, initiator=initiator, purpose=purpose, since=since, until=until,
                before=before, limit=limit + 1,
            )
        messages = []
        if kind in {None, MESSAGE} and initiator in {None, "company"}:
            messages = await replicas.list_message_entries(
                db, customers=family, channel=channel, purpose=purpose, since=since, until=until, before=before, limit=limit + 1
            )
    entries = [*map(_entry, rows), *map(_message, messages)]
    entries.sort(key=lambda entry: (entry["occurred_at"], entry["id"]), reverse=True)
    if len(entries) <= limit:
        return entries, None
    last = entries[limit - 1]
    return entries[:limit], (last["occurred_at"], last["id"])


async def get_interaction(service: InteractionService, *, interaction_id: UUID) -> dict[str, Any]:
    """One event. Raises Unknown."""
    async with service.read() as db:
        row = await interactions.find_interaction(db, interaction_id)
    if row is None:
        raise errors.unknown_interaction()
    return _entry(row)


def _entry(row: Any) -> dict[str, Any]:
    record = _record(row["record"])
    personal = record.personal
    return {
        "id": row["id"],
        "kind": row["kind"],
        "name": record.name,
        "channel": row["channel"],
        "initiator": row["initiator"],
        "purpose": row["purpose"],
        "occurred_at": row["occurred_at"],
        "received_at": record.received_at,
        "source": record.source,
        "message_id": record.id,
        "identity": personal.keys[0] if personal.keys else None,
        "notes": record.notes,
        "data": {
            "properties": _decode(personal.properties), "traits": _decode(personal.traits), "context": _decode(personal.context),
        },
    }


def _message(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "kind": MESSAGE,
        "name": f"Message {row['action']}",
        "channel": row["channel"],
        "initiator": "company",
        "purpose": row["purpose"],
        "occurred_at": row["occurred_at"],
        "received_at": row["occurred_at"],
        "source": "campaign",
        "message_id": row["message_id"],
        "identity": None,
        "notes": [],
        "data": {
            "action": row["action"], "campaign_id": row["campaign_id"], "campaign": row["campaign_name"], **_decode(row["content"]),
        },
    }
