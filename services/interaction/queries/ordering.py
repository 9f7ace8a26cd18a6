"""Orders, credit notes and products."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.interaction import errors
from services.interaction.domain import orders
from services.interaction.settings import InteractionService
from services.interaction.store import orders as store
from services.interaction.store import replicas

_state = msgspec.json.Decoder(orders.OrderState).decode
_decode = msgspec.json.Decoder().decode

Cursor = tuple[datetime, str]


async def list_orders(
    service: InteractionService, *, status: str | None = None, since: datetime | None = None, until: datetime | None = None,
    before: Cursor | None = None, limit: int = 50,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of completed orders, newest first, and where the next begins."""
    async with service.read() as db:
        rows = await store.list_orders(db, status=status, since=since, until=until, before=before, limit=limit + 1)
    return _page(rows, limit)


async def list_customer_orders(
    service: InteractionService, *, customer_id: UUID, status: str | None = None, before: Cursor | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of a customer's completed orders over all identities, newest first."""
    async with service.read() as db:
        identities = await identities_of(db, customer_id)
        rows = await store.list_orders_of(db, identities=identities, status=status, before=before, limit=limit + 1)
    return _page(rows, limit)


def _page(rows: list[Any], limit: int) -> tuple[list[dict[str, Any]], Cursor | None]:
    following = (rows[limit - 1]["ordered_at"], rows[limit - 1]["order_id"]) if len(rows) > limit else None
    return [_order(row) for row in rows[:limit]], following


async def get_order(service: InteractionService, *, order_id: str) -> dict[str, Any]:
    """One order with its versions; also a shell that nobody completed yet. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_order(db, order_id)
        if row is None:
            raise errors.unknown_order()
        versions = await store.list_versions(db, order_id)
    return {
        **_order(row),
        "versions": [
            {
                "version": version["version"], "kind": version["kind"], "source": version["source"], "message_id": version["message_id"],
                "occurred_at": version["occurred_at"], "recorded_at": version["recorded_at"], "order": _decode(version["content"]),
            }
            for version in versions
        ],
    }


async def list_credits(service: InteractionService, *, customer_id: UUID) -> list[dict[str, Any]]:
    """Refunds of a customer that name no order, newest first."""
    async with service.read() as db:
        rows = await store.list_credits(db, await identities_of(db, customer_id))
    return [{name: row[name] for name in ("credit_id", "source", "currency", "amount_minor", "noted_at")} for row in rows]


async def identities_of(db: Any, customer_id: UUID) -> list[bytes]:
    """All identities of a customer and of everybody merged into it."""
    family = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
    return [row["identity"] for row in await replicas.list_identities(db, family)]


def _order(row: Any) -> dict[str, Any]:
    shown = msgspec.to_builtins(orders.show(row["order_id"], _state(row["state"])))
    return {**shown, "version": row["version"], "updated_at": row["updated_at"]}
