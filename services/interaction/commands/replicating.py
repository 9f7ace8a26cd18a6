"""Keeping the small replicas: identities, merges, consent, campaigns and what became of their messages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from chassis import ids
from chassis.eventlog import Stored
from chassis.unit_of_work import Transaction
from contracts import decoding
from contracts.campaign import CampaignLaunched, MessageFact
from contracts.consent import ConsentState
from contracts.customer import CustomersMerged, CustomersUnmerged, IdentityState
from services.interaction.store import replicas, sessions

_FIELDS = ("message_id", "campaign_id", "customer_id", "channel", "at")


async def replicate_identities(tx: Transaction, *, records: list[Stored]) -> None:
    """Take over whose an identity is now; of several records of one key the last counts."""
    last = {record.key: record.value for record in records}
    rows, gone = [], []
    for key, value in last.items():
        if value is None:
            gone.append(bytes.fromhex(key.decode()))
        else:
            state = decoding.decode(IdentityState, value)
            rows.append((bytes.fromhex(state.identity), state.kind, UUID(state.customer_id)))
    await replicas.put_identities(tx.db, rows, gone=gone)
    await sessions.mark_moved(tx.db, [*(row[0] for row in rows), *gone])


async def replicate_consent(tx: Transaction, *, records: list[Stored]) -> None:
    """Take over which purposes a customer granted and withdrew."""
    last = {record.key: record.value for record in records}
    rows, gone = [], []
    for key, value in sorted(last.items()):
        if value is None:
            gone.append(UUID(key.decode()))
        else:
            state = decoding.decode(ConsentState, value)
            said = {word: sorted(p for p, channels in state.purposes.items() if word in channels.values()) for word in ("granted", "withdrawn")}
            rows.append((UUID(state.customer_id), said["granted"], said["withdrawn"]))
    await replicas.put_consent(tx.db, rows, gone=gone)


async def note_merge(tx: Transaction, *, merged: CustomersMerged) -> None:
    """The merged customer's timeline is its survivor's from now on."""
    await replicas.put_merge(tx.db, merged_id=UUID(merged.merged_id), survivor_id=UUID(merged.survivor_id), merge_id=merged.merge_id)
    await _moved(tx, merged.merged_id)


async def note_unmerge(tx: Transaction, *, unmerged: CustomersUnmerged) -> None:
    """The restored customer answers for itself again."""
    await replicas.delete_merge(tx.db, merge_id=unmerged.merge_id)
    await _moved(tx, unmerged.restored_id)


async def _moved(tx: Transaction, customer_id: str) -> None:
    """Visits of this customer and of everybody merged into it belong to somebody else now."""
    family = await replicas.list_family(tx.db, UUID(customer_id))
    await sessions.mark_moved(tx.db, [row["identity"] for row in await replicas.list_identities(tx.db, family)])


async def note_campaign(tx: Transaction, *, launched: CampaignLaunched) -> None:
    """Remember what a campaign is called."""
    await replicas.put_campaign(tx.db, campaign_id=launched.campaign_id, name=launched.name, purpose=launched.purpose)


async def note_message(tx: Transaction, *, action: str, message: MessageFact) -> None:
    """Show on the timeline what became of a message."""
    content: dict[str, Any] = {
        name: value for name in message.__struct_fields__ if name not in _FIELDS and (value := getattr(message, name)) is not None
    }
    await replicas.insert_message_entry(
        tx.db, entry_id=ids.new_id(), customer_id=UUID(message.customer_id), message_id=message.message_id, campaign_id=message.campaign_id,
        channel=message.channel, action=action, occurred_at=message.at, content=msgspec.json.encode(content).decode(),
    )
