"""Auctions: bids by rules, a close by the clock, one winner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from chassis import ids
from chassis.database import Connection
from chassis.errors import Unknown
from chassis.eventlog import Record
from chassis.unit_of_work import Transaction
from contracts.interaction import AuctionClosed
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import money
from services.interaction.settings import InteractionService
from services.interaction.store import channels as store
from services.interaction.store import replicas

OPEN, SOLD, UNSOLD = "open", "sold", "unsold"
_AT_ONCE: Final = 100


async def open_auction(service: InteractionService, *, given: Mapping[str, Any]) -> UUID:
    """Raises Invalid."""
    now = service.clock.now()
    opens_at = given["opens_at"] or now
    if given["closes_at"] <= max(opens_at, now):
        raise errors.wrong("auction.closes_too_early", "/closes_at", "An auction closes after it opens, and not in the past.")
    if given["currency"] not in money.CURRENCIES:
        raise errors.wrong("auction.unknown_currency", "/currency", "This is no currency of ISO 4217.")
    auction_id = ids.new_id()
    async with service.transaction() as tx:
        await store.insert_auction(tx.db, {**given, "id": auction_id, "opens_at": opens_at, "state": OPEN})
    return auction_id


async def bid(service: InteractionService, *, auction_id: UUID, customer_id: UUID, amount_minor: int, source_id: str | None) -> None:
    """Raises Unknown, Conflict."""
    record = await bid_record(service, auction_id=auction_id, customer_id=customer_id, amount_minor=amount_minor, source_id=source_id)
    async with service.transaction() as tx:
        await add_bid(service, tx, auction_id=auction_id, customer_id=customer_id, amount_minor=amount_minor, deputy_id=None)
        tx.append(record)


async def bid_record(
    service: InteractionService, *, auction_id: UUID, customer_id: UUID, amount_minor: int, source_id: str | None, deputy_id: UUID | None = None,
    won: bool = False,
) -> Record:
    """The touch point of a bid, or of the win. Raises Unknown."""
    async with service.read() as db:
        auction = await store.find_auction(db, auction_id)
    if auction is None:
        raise errors.unknown_auction()
    body = {
        "id": f"auction:{auction_id}:{'won' if won else ids.new_text_id()}", "kind": "bid", "customer": await posting.key_of(service, customer_id),
        "initiator": "company" if won else "customer", "auction_id": str(auction_id), "amount_minor": amount_minor, "currency": auction["currency"],
        "won": won, **({"agent_id": str(deputy_id)} if deputy_id else {}),
    }
    return (await posting.touchpoint_record(service, body=body, source_id=source_id))[1]


async def add_bid(
    service: InteractionService, tx: Transaction, *, auction_id: UUID, customer_id: UUID, amount_minor: int, deputy_id: UUID | None
) -> None:
    """Count a bid by the rules; bids of one auction come one after the other. Raises Unknown, Conflict."""
    auction = await store.find_auction(tx.db, auction_id, lock=True)
    if auction is None:
        raise errors.unknown_auction()
    now = service.clock.now()  # after the lock: who waited past the end is too late
    if auction["state"] != OPEN or not auction["opens_at"] <= now < auction["closes_at"]:
        raise errors.auction_not_open(auction["opens_at"], auction["closes_at"])
    bids = await store.list_bids(tx.db, auction_id)
    bidder = await replicas.find_survivor(tx.db, customer_id)
    if auction["seller_id"] is not None and await replicas.find_survivor(tx.db, auction["seller_id"]) == bidder:
        raise errors.own_auction()
    if bids and await _is(tx.db, bids[0]["customer_id"], bidder):
        raise errors.own_bid()
    least = least_bid(auction, bids[0]["amount_minor"] if bids else None)
    if amount_minor < least:
        raise errors.bid_too_low(least)
    await store.insert_bid(
        tx.db, auction_id=auction_id, customer_id=customer_id, deputy_id=deputy_id, amount_minor=amount_minor, now=now
    )


def least_bid(auction: Any, highest: int | None) -> int:
    """What the next bid must reach, in minor units."""
    least: int = auction["start_minor"] if highest is None else highest + auction["increment_minor"]
    return least


async def close_auctions(service: InteractionService) -> bool:
    """Close what is due: the highest bid wins if it reaches the reserve. Each auction once, whoever runs this and however often."""
    async with service.read() as db:
        due = await store.list_due(db, now=service.clock.now(), limit=_AT_ONCE)
    for auction_id in due:
        await _close(service, auction_id)
    return len(due) >= _AT_ONCE


async def _close(service: InteractionService, auction_id: UUID) -> None:
    async with service.read() as db:
        bids = await store.list_bids(db, auction_id)  # nobody bids any more: its time is over
    record = None
    if bids:
        try:
            record = await bid_record(
                service, auction_id=auction_id, customer_id=bids[0]["customer_id"], amount_minor=bids[0]["amount_minor"], source_id=None, won=True
            )
        except Unknown:
            record = None  # erased meanwhile: there is no timeline to tell
    async with service.transaction() as tx:
        auction = await store.find_auction(tx.db, auction_id, lock=True)
        if auction is None or auction["state"] != OPEN or auction["closes_at"] > service.clock.now():
            return
        best = (await store.list_bids(tx.db, auction_id))[:1]
        sold = bool(best) and best[0]["amount_minor"] >= auction["reserve_minor"]
        winner = best[0]["customer_id"] if sold else None
        price = best[0]["amount_minor"] if sold else None
        await store.close_auction(tx.db, auction_id=auction_id, state=SOLD if sold else UNSOLD, winner_id=winner, price_minor=price)
        if sold and best[0]["deputy_id"] is not None:
            await store.spend(tx.db, best[0]["deputy_id"], best[0]["amount_minor"])
        if sold and record is not None:
            tx.append(record)
        tx.tell(AuctionClosed(
            auction_id=str(auction_id), sold=sold, winner_id=str(winner) if winner else None, price_minor=price, currency=auction["currency"],
            product_id=auction["product_id"], closed_at=auction["closes_at"],
        ))


async def _is(db: Connection, customer_id: UUID, survivor: UUID) -> bool:
    return await replicas.find_survivor(db, customer_id) == survivor
