"""Door 2, facts: what happened tells who the people are."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from chassis.eventlog import Stored
from chassis.unit_of_work import Transaction
from contracts import decoding
from contracts.campaign import MessageBounced, MessageFailed
from contracts.consent import ConsentState, ErasureRequested
from contracts.envelope import Envelope
from contracts.interaction import BounceReceived
from services.customer import commands
from services.customer.settings import CustomerService


async def on_interactions_recorded(service: CustomerService, tx: Transaction, records: list[Stored]) -> None:
    await commands.resolve_interactions(service, tx, records=records)


async def after_interactions_recorded(service: CustomerService, records: list[Stored]) -> None:
    await commands.settle_interactions(service, records=records)


#: The mail server's word that nobody is there; what it does not like about the message or the sender says nothing of the address.
NOBODY_THERE: Final = "recipient_refused"


async def on_message_failed(service: CustomerService, tx: Transaction, fact: MessageFailed, _envelope: Envelope) -> None:
    """A mail server refused the recipient for good."""
    if fact.reason == NOBODY_THERE and fact.address is not None:
        await commands.note_bounce(
            service, tx, address=bytes.fromhex(fact.address), customer_id=UUID(fact.customer_id), at=fact.at, source="campaign",
            reason=fact.reason,
        )


async def on_message_bounced(service: CustomerService, tx: Transaction, fact: MessageBounced, _envelope: Envelope) -> None:
    """A message came back later: also where the report named another address than the one it was sent to."""
    if fact.hard and fact.address is not None:
        await commands.note_bounce(
            service, tx, address=bytes.fromhex(fact.address), customer_id=UUID(fact.customer_id), at=fact.at, source="campaign",
            reason=fact.status,
        )


async def on_bounce_received(service: CustomerService, tx: Transaction, fact: BounceReceived, _envelope: Envelope) -> None:
    """Another system told that a message came back."""
    if fact.hard:
        await commands.note_bounce(
            service, tx, address=bytes.fromhex(fact.address), customer_id=None, at=fact.bounced_at, source=fact.source, reason=fact.reason
        )


async def on_erasure_requested(service: CustomerService, tx: Transaction, fact: ErasureRequested, _envelope: Envelope) -> None:
    """A person asks to be forgotten."""
    await commands.erase_customer(service, tx, request_id=UUID(fact.request_id), customer_id=UUID(fact.customer_id))


async def on_consent_states(service: CustomerService, tx: Transaction, records: list[Stored]) -> None:
    """Who asked that their data are kept and not used; a tombstone is nobody any more."""
    newest = {UUID(record.key.decode()): record.value for record in records}
    restricted = {
        customer: value is not None and decoding.decode(ConsentState, value).purposes.get("*", {}).get("restricted") == "withdrawn"
        for customer, value in newest.items()
    }
    await commands.note_restrictions(service, tx, restricted=restricted)
