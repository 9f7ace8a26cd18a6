"""The timeline of a customer: events of all identities, messages we sent, cases and orders, newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis.database import Connection
from contracts.interaction import InteractionRecorded
from services.interaction import errors
from services.interaction.domain import orders as order_rules
from services.interaction.settings import InteractionService
from services.interaction.store import entries as store
from services.interaction.store import interactions, replicas

MESSAGE: Final = "message"
CASE: Final = "case"
ORDER: Final = "order"
#: What an order has for channel.
SHOP: Final = "shop"
#: Most pages show what happened lately, so that few parts of the table are asked.
NEWEST: Final = timedelta(days=62)
#: So much may an event be ahead of its receipt; twice, since clocks of two machines differ.
TOLERANCE: Final = timedelta(minutes=10)
#: Nothing was received before.
LONG_AGO: Final = datetime(1980, 1, 1, tzinfo=UTC)

_record = msgspec.json.Decoder(InteractionRecorded).decode
_decode = msgspec.json.Decoder().decode
_state = msgspec.json.Decoder(order_rules.OrderState).decode

Cursor = tuple[datetime, UUID]


async def list_timeline(
    service: InteractionService, *, customer_id: UUID, kind: str | None = None, channel: str | None = None, initiator: str | None = None,
    purpose: str | None = None, since: datetime | None = None, until: datetime | None = None, before: Cursor | None = None, limit: int = 50,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of entries and where the next begins. A merged customer answers with its survivor's; nobody's timeline is empty."""
    async with service.read() as db:
        family = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
        identities = [row["identity"] for row in await replicas.list_identities(db, family)]
        rows = []
        if identities and kind not in {MESSAGE, CASE, ORDER}:
            rows = await _events(
                db, service.clock.now(), identities=identities, kind=kind, channel=channel, initiator=initiator, purpose=purpose, since=since,
                until=until, before=before, limit=limit + 1,
            )
        messages = []
        if kind in {None, MESSAGE} and initiator in {None, "company"}:
            messages = await replicas.list_message_entries(
                db, customers=family, channel=channel, purpose=purpose, since=since, until=until, before=before, limit=limit + 1
            )
        cases = []
        everything = kind is None and channel is None and initiator is None and purpose is None  # these speak of contacts
        if everything or (kind == CASE and initiator in {None, "customer"}):
            cases = await store.list_cases(
                db, identities=identities, customers=family, channel=channel, purpose=purpose, since=since, until=until, before=before, limit=limit + 1
            )
        orders = []
        if identities and (everything or kind == ORDER) and initiator in {None, "customer"} and channel in {None, SHOP} and purpose in {None, "sales"}:
            orders = await store.list_orders(db, identities=identities, since=since, until=until, before=before, limit=limit + 1)
    entries = [*map(_entry, rows), *map(_message, messages), *map(_case, cases), *map(_order, orders)]
    entries.sort(key=lambda entry: (entry["occurred_at"], entry["id"]), reverse=True)
    if len(entries) <= limit:
        return entries, None
    last = entries[limit - 1]
    return entries[:limit], (last["occurred_at"], last["id"])


async def _events(db: Connection, now: datetime, *, since: datetime | None, limit: int, **asked: Any) -> list[Any]:
    """Events from the newest months, if they fill the page; else from all.

    Nothing happens later than it is received, but for the clocks' tolerance: what lies in older months is older than `newest`.
    """
    ends = [moment for moment in (asked["until"], asked["before"] and asked["before"][0]) if moment is not None]
    newest = max(min([now, *ends]), LONG_AGO) - NEWEST
    rows = await interactions.list_timeline(db, since=since, limit=limit, received_since=newest, **asked)
    if (since is not None and since >= newest + TOLERANCE) or (len(rows) == limit and rows[-1]["occurred_at"] >= newest + TOLERANCE):
        return rows
    return await interactions.list_timeline(db, since=since, limit=limit, received_since=max(since or LONG_AGO, LONG_AGO) - TOLERANCE, **asked)


async def get_interaction(service: InteractionService, *, interaction_id: UUID) -> dict[str, Any]:
    """One event. Raises Unknown."""
    async with service.read() as db:
        row = await interactions.find_interaction(db, interaction_id)
    if row is None:
        raise errors.unknown_interaction()
    return _entry(row)


def _entry(row: Any) -> dict[str, Any]:
    """Its data stay the JSON they were stored as."""
    record = _record(row["record"])
    personal = record.personal
    return {
        "id": row["id"],
        "kind": row["kind"],
        "name": record.name,
        "channel": row["channel"],
        "initiator": row["initiator"],
        "purpose": row["purpose"],
        "occurred_at": row["occurred_at"],
        "received_at": record.received_at,
        "source": record.source,
        "message_id": record.id,
        "identity": personal.keys[0] if personal.keys else None,
        "notes": record.notes,
        "data": {
            "properties": personal.properties, "traits": personal.traits, "context": personal.context,
        },
    }


def _message(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "kind": MESSAGE,
        "name": f"Message {row['action']}",
        "channel": row["channel"],
        "initiator": "company",
        "purpose": row["purpose"],
        "occurred_at": row["occurred_at"],
        "received_at": row["occurred_at"],
        "source": "campaign",
        "message_id": row["message_id"],
        "identity": None,
        "notes": [],
        "data": {
            "action": row["action"], "campaign_id": row["campaign_id"], "campaign": row["campaign_name"], **_decode(row["content"]),
        },
    }


def _case(row: Any) -> dict[str, Any]:
    """As it stands now, at the time it was opened."""
    shown = {name: row[name] for name in ("number", "subject", "status", "priority", "employee_id", "resolved_at", "outcome")}
    return {
        "id": row["id"], "kind": CASE, "name": "Case", "channel": row["channel"], "initiator": "customer", "purpose": row["kind"],
        "occurred_at": row["opened_at"], "received_at": row["opened_at"], "source": "cases", "message_id": str(row["id"]), "identity": None, "notes": [],
        "data": {"case_id": row["id"], **shown},
    }


def _order(row: Any) -> dict[str, Any]:
    """As it stands now, at the time it was placed, with the day it is promised for."""
    order = order_rules.show(row["order_id"], _state(row["state"]))
    names = ("paid_minor", "net_minor", "refunded_minor", "promised_on", "shipped_at", "delivered_at")
    return {
        "id": row["id"], "kind": ORDER, "name": "Order", "channel": SHOP, "initiator": "customer", "purpose": "sales", "occurred_at": row["ordered_at"],
        "received_at": row["updated_at"], "source": row["source"], "message_id": row["order_id"], "identity": None, "notes": order.notes,
        "data": {
            "order_id": row["order_id"], "status": row["status"], "currency": row["currency"], "products": len(order.lines),
            **{name: getattr(order, name) for name in names},
        },
    }
