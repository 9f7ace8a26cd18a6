"""Orders as programmes see them: kept when they are told, looked at when their customer is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from chassis.unit_of_work import Transaction
from contracts.customer import IdentityState
from contracts.interaction import OrderFields
from services.campaign.commands import points, programmes, referrals, satisfaction
from services.campaign.domain.programmes import Care, Programme, reminder_at
from services.campaign.settings import CampaignService
from services.campaign.store import journey_errands, outcomes, recipients, replicas
from services.campaign.store import programmes as rows
from services.campaign.store.replicas import Order

AT_ONCE = 200
KINDS = ("loyalty", "referral", "repeat_purchase", "acquisition", "win_back", "cross_sell", "individual", "satisfaction")


async def replicate_identities(tx: Transaction, *, states: Mapping[bytes, IdentityState | None]) -> None:
    """Take over whose identities are; None: nobody's any more."""
    known = [(identity, state.kind, UUID(state.customer_id)) for identity, state in states.items() if state is not None]
    await journey_errands.wake(tx.db, [identity for identity, _, _ in known])
    await replicas.put_identities(tx.db, known, gone=[identity for identity, state in states.items() if state is None])


async def note_order(tx: Transaction, *, order: OrderFields) -> None:
    """Keep an order's newest state; it is looked at soon."""
    lines = [msgspec.to_builtins(line) for line in order.lines]
    kept = [{name: line.get(name) for name in ("product_id", "name", "category", "quantity", "amount_minor")} for line in lines]
    await replicas.put_order(
        tx.db,
        Order(
            order_id=order.order_id, identity=bytes.fromhex(order.identity), version=order.version, status=order.status, currency=order.currency,
            ordered_at=order.ordered_at, delivered_at=order.delivered_at, net_minor=order.net_minor, refunded_minor=order.refunded_minor,
            coupon=order.coupon, lines=kept,
        ),
    )


async def note_score(tx: Transaction, *, customer_id: UUID, score: str, value: str, at: datetime) -> bool:
    """Keep the newest value of a score; False when it is older than what is there."""
    return await replicas.put_score(tx.db, customer_id=customer_id, score=score, value=value, at=at)


async def look_at_orders(service: CampaignService) -> bool:
    """Let programmes see orders that came or changed. What they do to an order they do once, however often it is looked at. True: there may be more."""
    async with service.transaction() as tx:
        waiting = await replicas.waiting_orders(tx.db, limit=AT_ONCE)
        if not waiting:
            return False
        running = await rows.running(tx.db, KINDS)
        at = service.clock.now()
        for order, customer_id in sorted(waiting, key=lambda pair: (pair[1] or UUID(int=0), pair[0].ordered_at)):
            if customer_id is not None:
                await outcomes.attribute(tx.db, order, await recipients.same_person(tx.db, customer_id))
                for programme in running:
                    await _show(tx, programme, order, customer_id, at)
        await replicas.looked_at(tx.db, [order.order_id for order, customer_id in waiting if customer_id is not None])
        await replicas.look_later(tx.db, [order.order_id for order, customer_id in waiting if customer_id is None])
    return len(waiting) == AT_ONCE


async def _show(tx: Transaction, programme: Programme, order: Order, customer_id: UUID, at: datetime) -> None:
    since = programme.started_at
    if programme.kind == "loyalty":
        if order.stands:
            await programmes.enrol_buyer(tx, programme=programme, customer_id=customer_id, ordered_at=order.ordered_at, at=at)
        if since is not None and order.ordered_at >= since:
            await points.credit_order(tx, programme=programme, order=order, customer_id=customer_id, at=at)
    elif programme.kind == "referral":
        await referrals.reward_referral(tx, programme=programme, order=order, customer_id=customer_id, at=at)
    elif programme.kind == "repeat_purchase":
        await _remind(tx, programme, customer_id, at)
    elif programme.kind == "satisfaction":
        await satisfaction.ask_after_delivery(tx, programme=programme, order=order, customer_id=customer_id)
    elif isinstance(programme.settings, Care) and programme.settings.exit_on_order and order.stands:
        person = await recipients.same_person(tx.db, customer_id)
        member = await rows.find_member(tx.db, programme_id=programme.id, customer_ids=person)
        if member is not None and member.left_at is None and order.ordered_at >= member.joined_at:
            await rows.leave(tx.db, programme_id=programme.id, customer_ids=person, reason="ordered", at=at)


async def _remind(tx: Transaction, programme: Programme, customer_id: UUID, at: datetime) -> None:
    """A purchase stops the reminder that was due and sets the next one."""
    orders = [order for order in await replicas.orders_of(tx.db, customer_id) if order.stands]
    due = reminder_at(programme.settings, [order.ordered_at for order in orders]) if orders else None
    cause = orders[-1].order_id if orders else None
    if due is not None and await rows.join(
        tx.db, programme_id=programme.id, members=[(customer_id, programmes.arm(programme, customer_id), max(due, at), cause)], at=at, again_before=at
    ):
        return
    member = await rows.find_member(tx.db, programme_id=programme.id, customer_ids=[customer_id])
    if member is not None and member.left_at is None and member.cause != cause:
        await rows.set_due(tx.db, programme_id=programme.id, customer_ids=[customer_id], steps=[0], nexts=[due], causes=[cause])
