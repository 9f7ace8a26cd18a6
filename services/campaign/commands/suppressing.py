"""Addresses that get no more mail, because it comes back or because somebody complained."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.unit_of_work import Transaction
from contracts.campaign import MessageBounced
from services.campaign import errors
from services.campaign.commands.pressure import note_annoyed
from services.campaign.domain import ledger as rules
from services.campaign.settings import CampaignService
from services.campaign.store import results, suppressions

BOUNCED = "bounced"
COMPLAINED = "complained"


async def note_bounce(
    tx: Transaction, *, address: bytes, hard: bool, status: str | None, message_id: str | None, at: datetime
) -> None:
    """A message came back. A hard one ends mail to the address it was sent to, and to the one the report names if that is believed.

    They differ where a forwarded message bounced: the report then names an address nobody here ever wrote to.
    """
    message = await results.find_message(tx.db, UUID(message_id)) if message_id else None
    sent_to = message["address_hash"] if message else None
    if hard:
        for each in {address, sent_to or address} - {b""}:
            await suppressions.put(
                tx.db, address_hash=each, reason=BOUNCED, status=status, message_id=message["id"] if message else None, at=at
            )
    if message is not None:
        tx.tell(
            MessageBounced(
                message_id=str(message["id"]), campaign_id=str(message["origin_id"]), customer_id=str(message["customer_id"]),
                channel=message["channel"], at=at, origin=message["origin"], step=message["step"], arm=message["arm"], hard=hard, status=status or "5.0.0", address=sent_to.hex() if sent_to else None,
            )
        )


async def note_complaint(tx: Transaction, *, address: bytes | None, message_id: str | None, at: datetime) -> None:
    """Somebody complained of a message: nothing more goes to that address."""
    message = await results.find_message(tx.db, UUID(message_id)) if message_id else None
    for each in {address, message["address_hash"] if message else None} - {None, b""}:
        assert each is not None
        await suppressions.put(
            tx.db, address_hash=each, reason=COMPLAINED, status=None, message_id=message["id"] if message else None, at=at
        )
    await note_annoyed(
        tx, channel=message["channel"] if message else "email", message_id=message["id"] if message else None,
        customer_id=message["customer_id"] if message else None, at=at,
    )


async def lift_suppression(service: CampaignService, *, address: str) -> None:
    """Mail may go to an address again. Raises Unknown when it was not suppressed."""
    async with service.transaction() as tx:
        if not await suppressions.delete(tx.db, service.hash_identity(rules.address_key(address))):
            raise errors.not_suppressed()
