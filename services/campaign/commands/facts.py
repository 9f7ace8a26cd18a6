"""What is told about a message when its state changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from chassis.unit_of_work import Transaction
from contracts import campaign as facts
from services.campaign.store.ledger import Changed


def tell_changes(tx: Transaction, changed: Iterable[Changed], *, at: datetime) -> None:
    """One fact for each message that came to an end. Back to planned is nobody else's business."""
    for message in changed:
        same: dict[str, Any] = {
            "message_id": str(message.id), "campaign_id": str(message.origin_id), "customer_id": str(message.customer_id),
            "channel": message.channel, "at": at, "origin": message.origin, "step": message.step, "arm": message.arm,
        }
        reason = message.reason or ""
        if message.state == "accepted":
            tx.tell(facts.MessageAccepted(**same, permit_id=message.permit_id or "", consent_version=message.consent_version or 0))
        elif message.state == "failed":
            address = message.address_hash.hex() if message.address_hash else None
            tx.tell(facts.MessageFailed(**same, reason=reason, address=address))
        elif message.state == "suppressed":
            tx.tell(facts.MessageSuppressed(**same, reason=reason))
        elif message.state == "unknown":
            tx.tell(facts.MessageUnknown(**same, reason=reason))


def tell_planned(tx: Transaction, planned: Iterable[Changed], *, at: datetime) -> None:
    """All were planned; those that ended at once are told twice."""
    planned = list(planned)
    for message in planned:
        tx.tell(
            facts.MessagePlanned(
                message_id=str(message.id), campaign_id=str(message.origin_id), customer_id=str(message.customer_id),
                channel=message.channel, at=at, origin=message.origin, step=message.step, arm=message.arm,
            )
        )
    tell_changes(tx, planned, at=at)
