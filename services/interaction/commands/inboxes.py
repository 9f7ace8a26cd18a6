"""Inboxes of other providers: signed deliveries become touch points."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from contracts import cards
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import inbound_messages
from services.interaction.domain.inbound_messages import ADAPTERS, Delivery
from services.interaction.settings import InteractionService
from services.interaction.store import channels as store


async def put_inbox(
    service: InteractionService, *, name: str, provider: str, secret: str, verify_token: str | None, active: bool
) -> None:
    """Open a door for a provider, or change its secret."""
    async with service.transaction() as tx:
        await store.put_inbox(
            tx.db, name=name, provider=provider, secret=secret, verify_token=verify_token, active=active, now=service.clock.now()
        )


async def take_delivery(service: InteractionService, *, name: str, headers: Mapping[str, str], body: bytes) -> int:
    """Take a provider's delivery over when the log has it; told again it changes nothing. Returns how many messages were in it.

    Raises Unknown for a door that is none, Forbidden for a bad signature, Invalid for what cannot be read, Unavailable.
    """
    door = await _door(service, name)
    adapter = ADAPTERS[door["provider"]]
    delivery = Delivery(headers, body, f"{service.platform.public_url.rstrip('/')}/in/{name}", service.clock.now())
    if not adapter.is_signed(delivery, door["secret"]):
        raise errors.bad_signature()
    try:
        messages = adapter.read(delivery)
    except inbound_messages.BadDelivery:
        raise errors.unreadable_delivery() from None
    records = []
    for message in messages:
        fields = message.fields
        if cards.find_number(fields) is not None:  # a provider that is refused would only send it again
            fields = {**cards.without_numbers(fields), "card_number_masked": True}
        contact: dict[str, Any] = {
            **fields, "id": f"{name}:{message.id}", "kind": message.kind, "customer": message.customer, "initiator": "customer",
            "occurred_at": message.at.isoformat(),
        }
        records.append((await posting.touchpoint_record(service, body=contact, source_id=f"inbox-{name}"))[1])
    if records:
        await posting.append_records(service, records)
    return len(records)


async def challenge(service: InteractionService, *, name: str, token: str, answer: str) -> str:
    """What a provider wants to hear when the door is set up. Raises Unknown, Forbidden."""
    door = await _door(service, name)
    if not door["verify_token"] or not hmac.compare_digest(door["verify_token"].encode(), token.encode()):
        raise errors.bad_signature()
    return answer


async def _door(service: InteractionService, name: str) -> Any:
    async with service.read() as db:
        door = await store.find_inbox(db, name)
    if door is None or not door["active"]:
        raise errors.unknown_inbox()
    return door
