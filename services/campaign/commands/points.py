"""Points of a loyalty programme: earned by orders, taken back by refunds, redeemed, expired. Each function is part of a caller's transaction.

The accounts of one person (also those merged into one) are locked together before anything is decided.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.campaign import RewardEarned
from services.campaign import errors
from services.campaign.domain import points as rules
from services.campaign.domain.points import EarnRule, Line, Lot, Tier, Worth
from services.campaign.domain.programmes import Member, Programme
from services.campaign.settings import CampaignService
from services.campaign.store import points, programmes, recipients
from services.campaign.store.points import Account, Posted
from services.campaign.store.replicas import Order

TIER_CHECK = timedelta(days=1)


async def credit_order(tx: Transaction, *, programme: Programme, order: Order, customer_id: UUID, at: datetime) -> int:
    """Bring the points of an order to what it deserves as it stands; returns the change. Doing it again changes nothing."""
    _, _, first = await points.posted_for_order(tx.db, programme_id=programme.id, order_id=order.order_id)
    customer_id = first or customer_id
    person = await recipients.same_person(tx.db, customer_id)
    member = await programmes.find_member(tx.db, programme_id=programme.id, customer_ids=person)
    if member is None or member.arm == "holdout" or (member.left_at is not None and first is None):
        return 0
    accounts = await points.lock_accounts(tx.db, programme_id=programme.id, customer_ids=person)
    there, factor, _ = await points.posted_for_order(tx.db, programme_id=programme.id, order_id=order.order_id)
    factor = factor if factor is not None else tier_factor(programme, member)
    due = rules.earned(_worth(order), [EarnRule(**rule.model_dump()) for rule in programme.settings.earn], factor=factor)
    change = due - there
    reference = f"{order.order_id}:{order.version}"
    if change > 0:
        await earn(
            tx, programme=programme, accounts=accounts, customer_id=customer_id, amount=change, kind="earn", reference=reference,
            order_id=order.order_id, factor=factor, at=at,
        )
    elif change < 0:
        await _take_back(tx, programme, accounts, customer_id=customer_id, amount=-change, reference=reference, order_id=order.order_id, at=at)
    if change:
        await review_tier(tx, programme=programme, member=member, at=at)
    return change


async def earn(
    tx: Transaction, *, programme: Programme, accounts: list[Account], customer_id: UUID, amount: int, kind: str, reference: str, at: datetime,
    order_id: str | None = None, factor: float | None = None, note: str = "",
) -> UUID:
    """Points come in; what is owed is repaid first, the rest is a lot that expires. `accounts`: the person's, locked."""
    repaid = rules.repay(amount, {account.customer_id: account.owed for account in accounts})
    entries = rules.earn_entries(customer_id, amount, repaid=repaid)
    transaction = Posted(new_id(), programme.id, customer_id, kind, reference, amount, at, order_id, factor, note)
    await points.post(tx.db, transaction, entries)
    left = amount - sum(repaid.values())
    if left:
        days = programme.settings.expire_days
        lot = Lot(transaction.id, customer_id, left, at + timedelta(days=days) if days else None, order_id)
        await points.add_lot(tx.db, lot=lot, programme_id=programme.id)
    tx.tell(
        RewardEarned(
            transaction_id=str(transaction.id), programme_id=str(programme.id), customer_id=str(customer_id), points=amount, cause=kind,
            order_id=order_id, balance=sum(account.balance for account in accounts) + left, earned_at=at,
        )
    )
    return transaction.id


async def _take_back(
    tx: Transaction, programme: Programme, accounts: list[Account], *, customer_id: UUID, amount: int, reference: str, order_id: str, at: datetime
) -> None:
    """A refund: the order's own points first, then others, and what is spent already is owed."""
    lots = await points.open_lots(tx.db, programme_id=programme.id, customer_ids=[account.customer_id for account in accounts])
    taken = rules.take(lots, amount, first_of=order_id)
    entries = rules.spend_entries(customer_id, "issued", taken.uses, missing=taken.missing)
    transaction = Posted(new_id(), programme.id, customer_id, "reverse", reference, -amount, at, order_id)
    await points.post(tx.db, transaction, entries)
    await points.take_from_lots(tx.db, transaction_id=transaction.id, uses=taken.uses)


async def spend(tx: Transaction, *, programme: Programme, customer_id: UUID, amount: int, reference: str, at: datetime, note: str = "") -> UUID:
    """Pay with points, those that expire soonest first. Raises Conflict (points.not_enough)."""
    person = await recipients.same_person(tx.db, customer_id)
    await points.lock_accounts(tx.db, programme_id=programme.id, customer_ids=person)
    lots = await points.open_lots(tx.db, programme_id=programme.id, customer_ids=person)
    taken = rules.take(lots, amount, at=at)
    if taken.missing:
        raise errors.not_enough_points(needed=amount, there=amount - taken.missing)
    entries = rules.spend_entries(customer_id, "redeemed", taken.uses)
    transaction = Posted(new_id(), programme.id, customer_id, "redeem", reference, -amount, at, note=note)
    await points.post(tx.db, transaction, entries)
    await points.take_from_lots(tx.db, transaction_id=transaction.id, uses=taken.uses)
    return transaction.id


async def restore(tx: Transaction, *, programme: Programme, customer_id: UUID, reference: str, at: datetime) -> None:
    """A redemption is taken back: its points return to the lots they came from, unless they repay what is owed.

    Nobody loses them by having paid: where a lot expired meanwhile, they last as long again as they would have when they were spent.
    """
    person = await recipients.same_person(tx.db, customer_id)
    accounts = await points.lock_accounts(tx.db, programme_id=programme.id, customer_ids=person)
    found = await points.find_posted(tx.db, programme_id=programme.id, kind="redeem", reference=reference)
    if found is None:
        return
    payer, amount = found["customer_id"], -found["points"]
    repaid = rules.repay(amount, {account.customer_id: account.owed for account in accounts})
    debt, back, by_account = sum(repaid.values()), [], dict[UUID, int]()
    for lot, given in await points.uses_of(tx.db, found["id"]):
        kept = min(given, debt)
        debt -= kept
        if given > kept:
            back.append((lot, given - kept))
            by_account[lot.customer_id] = by_account.get(lot.customer_id, 0) + given - kept
    entries = rules.restore_entries(payer, by_account, repaid=repaid)
    await points.post(tx.db, Posted(new_id(), programme.id, payer, "restore", reference, amount, at), entries)
    await points.give_back(tx.db, back, taken_at=found["at"], at=at)


async def adjust(
    service: CampaignService, *, programme_id: UUID, customer_id: UUID, amount: int, reference: str, note: str
) -> dict[str, Any]:
    """Give points by hand (goodwill), or take some that are there. The same reference does it once. Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        programme = await loyalty(tx, programme_id)
        at = service.clock.now()
        person = await recipients.same_person(tx.db, customer_id)
        accounts = await points.lock_accounts(tx.db, programme_id=programme.id, customer_ids=person)
        known = await points.find_posted(tx.db, programme_id=programme.id, kind="adjust", reference=reference)
        if known is not None:
            if (known["customer_id"], known["points"]) != (customer_id, amount):
                raise errors.reference_reused()
            return known
        await enrol(tx, programme=programme, customer_id=customer_id, at=at)
        if amount > 0:
            await earn(
                tx, programme=programme, accounts=accounts, customer_id=customer_id, amount=amount, kind="adjust", reference=reference, at=at, note=note
            )
        else:
            lots = await points.open_lots(tx.db, programme_id=programme.id, customer_ids=person)
            taken = rules.take(lots, -amount, at=at)
            if taken.missing:
                raise errors.not_enough_points(needed=-amount, there=-amount - taken.missing)
            transaction = Posted(new_id(), programme.id, customer_id, "adjust", reference, amount, at, note=note)
            await points.post(tx.db, transaction, rules.spend_entries(customer_id, "issued", taken.uses))
            await points.take_from_lots(tx.db, transaction_id=transaction.id, uses=taken.uses)
        written = await points.find_posted(tx.db, programme_id=programme.id, kind="adjust", reference=reference)
        assert written is not None
        return written


async def expire_points(service: CampaignService) -> bool:
    """Lots whose time is over leave the accounts. True: there may be more."""
    at = service.clock.now()
    async with service.read() as db:
        due = await points.expired_accounts(db, at=at, limit=200)
    for programme_id, customer_id in due:
        async with service.transaction() as tx:
            await points.lock_accounts(tx.db, programme_id=programme_id, customer_ids=[customer_id])
            lots = await points.open_lots(tx.db, programme_id=programme_id, customer_ids=[customer_id])
            uses = [(lot, lot.remaining) for lot in lots if lot.expires_at is not None and lot.expires_at <= at]
            if not uses:
                continue
            transaction = Posted(new_id(), programme_id, customer_id, "expire", str(uses[0][0].id) + f":{at.isoformat()}", -sum(left for _, left in uses), at)
            await points.post(tx.db, transaction, rules.spend_entries(customer_id, "expired", uses))
            await points.take_from_lots(tx.db, transaction_id=transaction.id, uses=uses)
    return len(due) == 200


async def enrol(tx: Transaction, *, programme: Programme, customer_id: UUID, at: datetime, arm: str = "treated") -> bool:
    """Take a customer in, with the points that welcome them; False when they were in already."""
    person = await recipients.same_person(tx.db, customer_id)
    if await programmes.find_member(tx.db, programme_id=programme.id, customer_ids=person) is not None:
        return False
    if not await programmes.join(tx.db, programme_id=programme.id, members=[(customer_id, arm, None, None)], at=at, again_before=None):
        return False
    welcome = programme.settings.welcome_points
    if welcome and arm != "holdout":
        accounts = await points.lock_accounts(tx.db, programme_id=programme.id, customer_ids=person)
        await earn(
            tx, programme=programme, accounts=accounts, customer_id=customer_id, amount=welcome, kind="welcome", reference=str(customer_id), at=at
        )
    return True


async def review_tier(tx: Transaction, *, programme: Programme, member: Member, at: datetime) -> str | None:
    """The tier that the points of the period reach; looked at again a day later while there is one to lose."""
    tiers = [Tier(**tier.model_dump()) for tier in programme.settings.tiers]
    if not tiers:
        return None
    person = await recipients.same_person(tx.db, member.customer_id)
    since = at - timedelta(days=programme.settings.tier_days)
    reached = rules.tier_of(tiers, await points.qualifying(tx.db, programme_id=programme.id, customer_ids=person, since=since))
    await programmes.set_tier(
        tx.db, programme_id=programme.id, customer_id=member.customer_id, tier=reached.name if reached else None, at=at,
        check_at=at + TIER_CHECK if reached else None,
    )
    return reached.name if reached else None


def tier_factor(programme: Programme, member: Member) -> float:
    """How often points count for this member."""
    factor: float = next((tier.factor for tier in programme.settings.tiers if tier.name == member.tier), 1.0)
    return factor


async def loyalty(tx: Transaction, programme_id: UUID) -> Programme:
    """A points programme. Raises Unknown, Conflict."""
    programme = await programmes.find(tx.db, programme_id)
    if programme is None:
        raise errors.unknown_programme()
    if programme.kind != "loyalty":
        raise errors.not_a_points_programme()
    return programme


def _worth(order: Order) -> Worth:
    lines = [Line(line["product_id"], line.get("category"), line.get("amount_minor", 0)) for line in order.lines]
    return Worth(order.currency, order.net_minor, order.refunded_minor, lines, stands=order.status != "cancelled")
