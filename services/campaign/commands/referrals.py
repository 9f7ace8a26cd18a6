"""Recommendations: a code for who recommends, points for both once the newcomer's first order stands."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.commands import points
from services.campaign.domain.programmes import Programme
from services.campaign.settings import CampaignService
from services.campaign.store import points as books
from services.campaign.store import programmes, recipients, replicas, rewards
from services.campaign.store.replicas import Order


async def get_code(service: CampaignService, *, programme_id: UUID, customer_id: UUID) -> tuple[str, int, int]:
    """(the customer's code, how many came by it, how many of them were rewarded). Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        await _referral_programme(tx, programme_id)
        if not await recipients.fetch(tx.db, [customer_id]):
            raise errors.unknown_customer()
        code = await make_code(service, tx, programme_id=programme_id, customer_id=customer_id)
        person = await recipients.same_person(tx.db, customer_id)
        came, paid = await rewards.count_referrals(tx.db, programme_id=programme_id, customer_ids=person)
        return code, came, paid


async def make_code(service: CampaignService, tx: Transaction, *, programme_id: UUID, customer_id: UUID) -> str:
    """A customer's code within a caller's transaction; always the same."""
    digest = hashlib.blake2b(programme_id.bytes + customer_id.bytes, digest_size=5, key=service.link_secret[:32]).digest()
    return await rewards.put_code(
        tx.db, programme_id=programme_id, customer_id=customer_id, code=base64.b32encode(digest).decode(), at=service.clock.now()
    )


async def refer(service: CampaignService, *, programme_id: UUID, code: str, customer_id: UUID) -> UUID:
    """Somebody came by a code; returns who recommended. Again with the same code: nothing more happens.

    Raises Unknown (code), Conflict: oneself, who ordered before, who came by another code.
    """
    async with service.transaction() as tx:
        programme = await _referral_programme(tx, programme_id)
        if programme.status != "running":
            raise errors.programme_not_running()
        referrer = await rewards.find_code(tx.db, programme_id=programme_id, code=code.strip().upper())
        if referrer is None:
            raise errors.unknown_code()
        if referrer in await recipients.same_person(tx.db, customer_id):
            raise errors.referral_refused("oneself", "Nobody recommends to themselves.")
        if any(order.stands for order in await replicas.orders_of(tx.db, customer_id)):
            raise errors.referral_refused("ordered_before", "This customer ordered before.")
        if not await rewards.refer(tx.db, programme_id=programme_id, customer_id=customer_id, referrer_id=referrer, at=service.clock.now()):
            known = await rewards.open_referral(tx.db, programme_id=programme_id, customer_ids=[customer_id])
            if known is None or known["referrer_id"] != referrer:
                raise errors.referral_refused("already", "This customer came by another recommendation.")
        return referrer


async def reward_referral(tx: Transaction, *, programme: Programme, order: Order, customer_id: UUID, at: datetime) -> None:
    """The newcomer's first order: points for both, once."""
    settings = programme.settings
    if not order.stands or order.net_minor - order.refunded_minor < settings.least_minor:
        return
    person = await recipients.same_person(tx.db, customer_id)
    found = await rewards.open_referral(tx.db, programme_id=programme.id, customer_ids=person)
    loyalty = await programmes.find(tx.db, settings.loyalty_id)
    if found is None or loyalty is None or loyalty.status != "running":
        return
    referrer = await recipients.same_person(tx.db, found["referrer_id"])
    _, paid = await rewards.count_referrals(tx.db, programme_id=programme.id, customer_ids=referrer)
    await rewards.reward_referral(tx.db, programme_id=programme.id, customer_id=found["customer_id"], order_id=order.order_id, at=at)
    gifts = [(customer_id, settings.newcomer_points)]
    if paid < settings.most_per_referrer:
        gifts.append((found["referrer_id"], settings.referrer_points))
    for receiver, amount in sorted(gifts):  # always in one order, so that two orders at once cannot wait for each other
        if amount:
            await points.enrol(tx, programme=loyalty, customer_id=receiver, at=at)
            accounts = await books.lock_accounts(
                tx.db, programme_id=loyalty.id, customer_ids=await recipients.same_person(tx.db, receiver)
            )
            reference = f"{programme.id}:{found['customer_id']}:{receiver}"
            await points.earn(
                tx, programme=loyalty, accounts=accounts, customer_id=receiver, amount=amount, kind="referral", reference=reference, at=at
            )


async def _referral_programme(tx: Transaction, programme_id: UUID) -> Programme:
    programme = await programmes.find(tx.db, programme_id)
    if programme is None:
        raise errors.unknown_programme()
    if programme.kind != "referral":
        raise errors.wrong_kind("referral")
    return programme
