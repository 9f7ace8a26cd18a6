"""Sending: claim, make, ask for permits, hand off, record. Killed anywhere, no message is handed off twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign.commands import arbiter, permits
from services.campaign.commands.facts import tell_changes
from services.campaign.commands.handing_off import HandOff
from services.campaign.commands.permits import Asked, Permits
from services.campaign.commands.preparing import Ending, Ready, prepare
from services.campaign.domain.channels import EMAIL
from services.campaign.domain.ledger import AWAY_PAUSE, CLAIM_LEASE
from services.campaign.outbound.carrying import Carrier
from services.campaign.settings import CampaignService
from services.campaign.store import claiming, ledger
from services.campaign.store.claiming import MARKETING, TRANSACTIONAL, Claimed

AT_ONCE = timedelta(0)
CONSENT_AWAY = timedelta(seconds=2)

__all__ = ["TRANSACTIONAL", "send_messages"]

_log = telemetry.logger(__name__)


async def send_messages(service: CampaignService, *, queue: str = MARKETING) -> bool:
    """Send one batch of what is planned and due in a queue. True: there may be more.

    A channel without a way out, or whose other side is away, keeps its messages planned; all do while the consent service is away.
    """
    carriers = {channel: carrier for (of, channel), carrier in service.resources.carriers.items() if of == queue}
    async with service.read() as db:
        if not carriers or not await claiming.any_due(db, queue=queue, channels=carriers):
            return False
    reachable = {channel: carrier for channel, carrier in carriers.items() if await carrier.reachable()}
    owner = new_id()
    claimed, found = await _claim(service, owner, queue, reachable) if reachable else ([], False)
    if not claimed:
        return found
    ready, endings = await prepare(service, owner=owner, claimed=claimed)
    if endings:
        await _end(service, owner, endings)
    ready = await _within_rates(service, owner, ready)
    if not ready:
        return True
    async with service.resources.turns[queue]:  # a permit asked for earlier would run out while it waits for a connection
        return await _send(service, reachable, owner, ready)


async def _within_rates(service: CampaignService, owner: UUID, ready: list[Ready]) -> list[Ready]:
    """Those whose domains take more now; the others wait."""
    limited: dict[str, list[Ready]] = {}
    for each in ready:
        domain = each.parcel.to.rpartition("@")[2].lower()
        if each.message.channel == EMAIL and domain in service.resources.domain_rates:
            limited.setdefault(domain, []).append(each)
    waiting: set[UUID] = set()
    for domain, mails in sorted(limited.items()):
        rate = service.resources.domain_rates[domain]
        async with service.transaction() as tx:
            room = min(len(mails), await claiming.room(tx.db, name=f"domain:{domain}", per_minute=rate))
            await claiming.spend(tx.db, name=f"domain:{domain}", per_minute=rate, count=room)
        over = [each.message.id for each in mails[room:]]
        if over:
            await _release(service, owner, over, timedelta(seconds=max(1.0, 60 / rate)))
        waiting.update(over)
    return [each for each in ready if each.message.id not in waiting]


async def _claim(service: CampaignService, owner: UUID, queue: str, channels: Collection[str]) -> tuple[list[Claimed], bool]:
    """The next messages, the most important and the most valuable first: journeys and programmes before broadcasts, which take what is left.

    Also whether there were any: contact pressure may have held them all back.
    """
    limit = service.settings.send_batch
    async with service.transaction() as tx:
        # Half a batch at most, so that a large journey does not stop every broadcast.
        half = limit if queue != MARKETING else max(1, limit // 2)
        claimed = await claiming.claim_others(tx.db, owner=owner, queue=queue, channels=channels, limit=half, lease=CLAIM_LEASE)
        if queue == MARKETING:
            claimed += await _claim_campaigns(tx, owner, channels, limit - len(claimed))
        found = bool(claimed)
        if queue == MARKETING:
            admitted = await arbiter.admit(service, tx, owner=owner, claimed=[(one.id, one.customer_id) for one in claimed])
            claimed = [one for one in claimed if one.id in admitted]
    return sorted(claimed, key=lambda one: (-one.priority, -(one.value if one.value is not None else -(2**62)), one.id)), found


async def _claim_campaigns(tx: Transaction, owner: UUID, channels: Collection[str], limit: int) -> list[Claimed]:
    """Of each campaign as many as its rate allows."""
    rates = await claiming.sending(tx.db, channels=channels)
    most = {}
    for campaign_id, per_minute in rates.items():
        room = limit if per_minute is None else await claiming.room(tx.db, name=f"campaign:{campaign_id}", per_minute=per_minute)
        if room > 0:
            most[campaign_id] = min(room, limit)
    claimed = await claiming.claim_campaigns(tx.db, owner=owner, most=most, limit=limit, lease=CLAIM_LEASE) if most else []
    for campaign_id, count in Counter(message.origin_id for message in claimed).items():
        per_minute = rates[campaign_id]
        if per_minute is not None:
            await claiming.spend(tx.db, name=f"campaign:{campaign_id}", per_minute=per_minute, count=count)
    return claimed


async def _end(service: CampaignService, owner: UUID, endings: list[Ending]) -> None:
    async with service.transaction() as tx:
        changed = await ledger.end_unsent(tx.db, owner=owner, ends=[(end.message_id, end.state, end.reason) for end in endings])
        tell_changes(tx, changed, at=service.clock.now())


async def _send(service: CampaignService, carriers: Mapping[str, Carrier], owner: UUID, ready: list[Ready]) -> bool:
    asked = [
        Asked(each.message.id, each.message.customer_id, each.purpose, each.message.channel, each.message.step, each.address_hash)
        for each in ready
    ]
    try:
        given = await permits.ask(service, members=asked)
    except Unavailable:
        _log.warning("consent_away", count=len(ready))
        await _release(service, owner, [each.message.id for each in ready], CONSENT_AWAY)
        return False
    by_channel: dict[str, list[Ready]] = {}
    for each in ready:
        by_channel.setdefault(each.message.channel, []).append(each)
    hand_offs = {channel: HandOff(service, carriers[channel], owner=owner, deadline=given.deadline) for channel in by_channel}
    outcomes: dict[UUID, str] = {}
    try:
        kept = await _record_permits(service, owner, ready, given)
        await asyncio.gather(*(
            hand_offs[channel].run([(each, given.granted[each.message.id].permit_id) for each in group if each.message.id in kept])
            for channel, group in by_channel.items()
        ))
    finally:
        for hand_off in hand_offs.values():
            outcomes |= hand_off.outcomes
        # Also when this sender is being stopped: an open batch makes withdrawals wait.
        await asyncio.shield(permits.close(service, permits=given, outcomes=outcomes))
    for channel, group in by_channel.items():
        unsent = [each.message.id for each in group if each.message.id in given.granted and each.message.id not in hand_offs[channel].started]
        if unsent:
            await _release(service, owner, unsent, AWAY_PAUSE if hand_offs[channel].away else AT_ONCE)
    return True


async def _record_permits(service: CampaignService, owner: UUID, ready: list[Ready], given: Permits) -> set[UUID]:
    """Write down permits and denials; returns the messages that are still this sender's and may start."""
    locale = {each.message.id: each.locale for each in ready}
    async with service.transaction() as tx:
        changed = await ledger.end_unsent(
            tx.db, owner=owner, ends=[(message_id, "suppressed", reason) for message_id, reason in given.denied.items()]
        )
        tell_changes(tx, changed, at=service.clock.now())
        return await ledger.permit(
            tx.db, owner=owner,
            permits=[(key, permit.permit_id, permit.consent_version, locale[key]) for key, permit in given.granted.items()],
        )


async def _release(service: CampaignService, owner: UUID, message_ids: list[UUID], pause: timedelta) -> None:
    async with service.transaction() as tx:
        await ledger.release(tx.db, owner=owner, message_ids=message_ids, pause=pause)
