"""Planning messages: the one way into the send ledger, for campaigns, journeys, programmes and single requests alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign.commands.facts import tell_changes, tell_planned
from services.campaign.domain import channels
from services.campaign.domain import ledger as rules
from services.campaign.domain.channels import Place
from services.campaign.domain.entities import Recipient
from services.campaign.settings import CampaignService
from services.campaign.store import planning as store
from services.campaign.store import recipients, suppressions
from services.campaign.store.claiming import MARKETING
from services.campaign.store.planning import NewMessage

#: The person chose another channel for the purpose.
NOT_CHOSEN = "channel_not_chosen"


class Planned(NamedTuple):
    """A message somebody wants sent.

    `origin`: campaign, journey, message or programme; `key`: what makes it one of a kind within `origin_id` (None: step, channel and
    person); `priority`, then `value` (minor units) decide which goes first; `not_before`: the earliest hand-off; `data`: values for the
    template beside the profile's (as `data.…`); `queue`: marketing or transactional (no contact pressure, connections of its own);
    `sender`: {from_address, from_name, reply_to} where it is not the campaign's or the deployment's own; `withheld`: why it is planned and
    suppressed at once (control groups, so that what was not sent is counted).
    """

    customer_id: UUID
    origin: str
    origin_id: UUID
    step: str
    template_id: UUID
    version: int
    channel: str
    purpose: str
    arm: str | None = None
    priority: int = 0
    value: int | None = None
    not_before: datetime | None = None
    data: Mapping[str, Any] = {}
    key: str | None = None
    queue: str = MARKETING
    sender: Mapping[str, str] | None = None
    withheld: str | None = None


class Outcome(NamedTuple):
    """What became of one `Planned`: its message, new or there before (`new` is False: the same key was planned earlier)."""

    message_id: UUID
    customer_id: UUID
    state: str
    reason: str | None
    new: bool


async def plan_messages(tx: Transaction, service: CampaignService, planned: Sequence[Planned]) -> list[Outcome]:
    """Put messages into the send ledger, in the caller's transaction; one outcome for each that was given, in order.

    Merged customers count as one person. Whoever cannot be reached is planned and suppressed at once, with the reason. Planning the same
    key again changes nothing. Up to a few thousand at a time.
    """
    if not planned:
        return []
    survivors = await recipients.survivors(tx.db, list({one.customer_id for one in planned}))
    known = await recipients.fetch(tx.db, list(set(survivors.values())))
    placed = [_place(known.get(survivors[one.customer_id]), one) for one in planned]
    hashes = [service.hash_identity(place.key) if place else None for place, _ in placed]
    dead = await suppressions.reasons(tx.db, [found for found in hashes if found])
    messages = []
    for one, (_, reason), hashed in zip(planned, placed, hashes, strict=True):
        why = one.withheld or reason or (dead.get(hashed) if hashed else None)
        messages.append(_message(one, survivors[one.customer_id], reason=why, address_hash=None if why else hashed))
    written, there = await store.plan(tx.db, messages)
    tell_planned(tx, written, at=service.clock.now())
    new = {message.id for message in written}
    rows = [there[message.origin_id, message.once_key] for message in messages]
    return [
        Outcome(row["id"], message.customer_id, row["state"], row["reason"], row["id"] in new)
        for message, row in zip(messages, rows, strict=True)
    ]


def _place(recipient: Recipient | None, one: Planned) -> tuple[Place | None, str | None]:
    if recipient is None:
        return None, "no_profile"
    place, reason = channels.place_of(recipient, one.channel)
    if not rules.is_chosen(recipient.channels, purpose=one.purpose, channel=one.channel):
        reason = NOT_CHOSEN
    return place, reason


def _message(one: Planned, person: UUID, *, reason: str | None, address_hash: bytes | None) -> NewMessage:
    return NewMessage(
        id=new_id(), customer_id=person, key=one.key or f"{one.step}:{one.channel}:{person}", origin=one.origin, origin_id=one.origin_id,
        step=one.step, channel=one.channel, purpose=one.purpose, queue=one.queue, template_id=one.template_id, template_version=one.version,
        arm=one.arm, priority=one.priority, value=one.value, not_before=one.not_before, data=one.data, sender=one.sender,
        address_hash=address_hash, state="suppressed" if reason else "planned", reason=reason,
    )


async def hold_origin(tx: Transaction, *, origin_id: UUID) -> None:
    """Nothing more of a journey or programme is handed off until it is released. A campaign is paused instead."""
    await store.hold(tx.db, origin_id)


async def release_origin(tx: Transaction, *, origin_id: UUID) -> None:
    """Go on."""
    await store.let_go(tx.db, origin_id)


async def cancel_planned(
    tx: Transaction, service: CampaignService, *, origin_id: UUID, customer_ids: Sequence[UUID] | None = None, reason: str = "cancelled"
) -> int:
    """What an origin planned and was not handed off yet becomes suppressed, for everybody or for these customers; returns how many."""
    changed = await store.suppress_planned(tx.db, origin_id=origin_id, customer_ids=customer_ids, reason=reason)
    tell_changes(tx, changed, at=service.clock.now())
    return len(changed)
