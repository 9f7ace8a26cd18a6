"""Shopping agents: they act for a customer under a key of their own, within limits, until they are revoked."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from chassis import ids
from chassis.unit_of_work import Transaction
from services.interaction import errors
from services.interaction.commands import auctions, composing
from services.interaction.settings import InteractionService
from services.interaction.store import channels as store

PREFIX: Final = "ecrm_deputy_"


async def appoint(service: InteractionService, *, given: Mapping[str, Any]) -> tuple[UUID, str]:
    """An agent and its key, which is never shown again. Raises Invalid."""
    now = service.clock.now()
    if given["expires_at"] <= now:
        raise errors.wrong("deputy.expired", "/expires_at", "An agent's time ends in the future.")
    deputy_id = ids.new_id()
    key = f"{PREFIX}{deputy_id}_{secrets.token_urlsafe(32)}"
    async with service.transaction() as tx:
        await store.insert_deputy(tx.db, {
            **given, "id": deputy_id, "key_hash": hashlib.sha256(key.encode()).digest(), "spent_minor": 0, "created_at": now,
            "actions": sorted(set(given["actions"])),
        })
    return deputy_id, key


async def revoke(service: InteractionService, *, deputy_id: UUID) -> None:
    """From now on its key opens nothing. Raises Unknown."""
    async with service.transaction() as tx:
        if await store.revoke_deputy(tx.db, deputy_id, now=service.clock.now()) is None:
            raise errors.unknown_deputy()


async def order(
    service: InteractionService, *, key: str, lines: Sequence[tuple[str, int]], currency: str, price_list: str, order_id: str | None
) -> tuple[composing.Composed, str]:
    """Order for the customer, priced by the catalogue; the budget and the order change together. Raises Forbidden, Invalid."""
    deputy_id = _named(key)
    # An agent's order ids are its own, so that it can neither repeat nor overwrite those of others.
    name = f"{deputy_id}.{order_id}" if order_id else None
    composed = await composing.compose(service, lines=lines, currency=currency, price_list=price_list, order_id=name)
    async with service.read() as db:
        found = await store.find_deputy(db, deputy_id)
    _check(service, found, key)
    assert found is not None
    event_id, record = await composing.order_record(
        service, composed=composed, customer_id=found["customer_id"], affiliation=f"deputy:{deputy_id}"
    )
    async with service.transaction() as tx:
        await _allowed(service, tx, key, "order", currency=currency, amount_minor=composed.total_minor)
        await store.spend(tx.db, deputy_id, composed.total_minor)
        tx.append(record)
    return composed, event_id


async def bid(service: InteractionService, *, key: str, auction_id: UUID, amount_minor: int) -> None:
    """Bid for the customer; what its highest bids may come to counts against the budget. Raises Forbidden, Unknown, Conflict."""
    deputy_id = _named(key)
    async with service.read() as db:
        found = await store.find_deputy(db, deputy_id)
        _check(service, found, key)
        auction = await store.find_auction(db, auction_id)
    if auction is None:
        raise errors.unknown_auction()
    assert found is not None
    record = await auctions.bid_record(
        service, auction_id=auction_id, customer_id=found["customer_id"], amount_minor=amount_minor, source_id=None, deputy_id=deputy_id
    )
    async with service.transaction() as tx:
        await _allowed(service, tx, key, "bid", currency=auction["currency"], amount_minor=amount_minor, besides=auction_id)
        await auctions.add_bid(
            service, tx, auction_id=auction_id, customer_id=found["customer_id"], amount_minor=amount_minor, deputy_id=deputy_id
        )
        tx.append(record)


async def who(service: InteractionService, *, key: str) -> UUID:
    """The agent of a key. Raises Forbidden."""
    deputy_id = _named(key)
    async with service.read() as db:
        _check(service, await store.find_deputy(db, deputy_id), key)
    return deputy_id


async def _allowed(
    service: InteractionService, tx: Transaction, key: str, action: str, *, currency: str, amount_minor: int, besides: UUID | None = None
) -> None:
    """Whether the agent may do this now; what it does at the same time waits. Raises Forbidden."""
    deputy_id = _named(key)
    row = await store.find_deputy(tx.db, deputy_id, lock=True)
    _check(service, row, key)
    assert row is not None
    if action not in row["actions"]:
        raise errors.deputy_may_not(action)
    if currency != row["currency"]:
        raise errors.deputy_other_currency(row["currency"])
    left = row["budget_minor"] - row["spent_minor"] - await store.sum_promised(tx.db, deputy_id, besides=besides)
    if amount_minor > left:
        raise errors.deputy_budget(max(0, left))


def _named(key: str) -> UUID:
    name, _, _ = key.removeprefix(PREFIX).partition("_")
    try:
        return UUID(name)
    except ValueError:
        raise errors.bad_deputy_key() from None


def _check(service: InteractionService, row: Any, key: str) -> None:
    """One answer for every cause, so that nothing is learnt of other agents. Raises Forbidden."""
    known = row is not None and hmac.compare_digest(row["key_hash"], hashlib.sha256(key.encode()).digest())
    if not known or row["revoked_at"] is not None or row["expires_at"] <= service.clock.now():
        raise errors.bad_deputy_key()
