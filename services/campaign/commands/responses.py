"""Replies to messages, orders that came of them, and what campaigns cost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from chassis.eventlog import Stored
from chassis.unit_of_work import Transaction
from services.campaign.store import outcomes

#: Without this a record is no answer to a message of ours.
_ADDRESSED: Final = b'"reply_to_message"'


class _Properties(msgspec.Struct):
    reply_to_message: str | None = None
    automatic: bool = False


class _Personal(msgspec.Struct):
    properties: _Properties | None = None


class _Answer(msgspec.Struct):
    kind: str
    name: str
    occurred_at: datetime
    personal: _Personal


def answers(records: Iterable[Stored]) -> list[tuple[UUID, datetime]]:
    """(message, when) of mails that answer a message of ours, among all that was recorded; cheap for everything else."""
    found = []
    for record in records:
        if record.value is None or _ADDRESSED not in record.value:
            continue
        try:
            answer = msgspec.json.decode(record.value, type=_Answer)
            properties = answer.personal.properties
            if answer.kind == "email" and properties is not None and not properties.automatic:
                found.append((UUID(properties.reply_to_message or ""), answer.occurred_at))
        except (msgspec.DecodeError, ValueError):
            continue
    return found


async def note_replies(tx: Transaction, *, replies: Iterable[tuple[UUID, datetime]]) -> None:
    """A person answered a message; told again nothing changes."""
    for message_id, at in replies:
        await outcomes.put_reply(tx.db, message_id=message_id, at=at)


async def note_cost(tx: Transaction, *, cost_id: str, campaign_id: str, channel: str, amount_minor: int, currency: str) -> None:
    """A cost was booked for a campaign."""
    await outcomes.put_cost(tx.db, cost_id=cost_id, campaign_id=campaign_id, channel=channel, amount_minor=amount_minor, currency=currency)
