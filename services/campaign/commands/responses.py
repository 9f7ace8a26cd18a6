"""Replies to messages, orders that came of them, and what campaigns cost."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.campaign.store import outcomes


async def note_reply(tx: Transaction, *, message_id: str, at: datetime) -> None:
    """A person answered a message; told again nothing changes."""
    await outcomes.put_reply(tx.db, message_id=UUID(message_id), at=at)


async def note_cost(tx: Transaction, *, cost_id: str, campaign_id: str, channel: str, amount_minor: int, currency: str) -> None:
    """A cost was booked for a campaign."""
    await outcomes.put_cost(tx.db, cost_id=cost_id, campaign_id=campaign_id, channel=channel, amount_minor=amount_minor, currency=currency)
