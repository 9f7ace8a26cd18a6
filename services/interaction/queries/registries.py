"""Products, partners and salespeople, and how customers are joined to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.interaction import errors
from services.interaction.queries.ordering import identities_of
from services.interaction.settings import InteractionService
from services.interaction.store import registries as store

_SPLIT = ("orders", "paid_minor", "net_minor", "refunded_minor")


async def list_products(
    service: InteractionService, *, search: str | None = None, category: str | None = None, vendor: str | None = None, active: bool | None = None,
    after: str | None = None, limit: int = 100,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of the catalogue by product id."""
    async with service.read() as db:
        rows = await store.list_products(db, search=search, category=category, vendor=vendor, active=active, after=after, limit=limit + 1)
        found = [dict(row) for row in rows[:limit]]
        await _with_prices(db, found)
    return found, found[-1]["product_id"] if len(rows) > limit else None


async def get_product(service: InteractionService, *, product_id: str) -> dict[str, Any]:
    """One product. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_product(db, product_id)
        if row is None:
            raise errors.unknown_product()
        found = [dict(row)]
        await _with_prices(db, found)
    return found[0]


async def _with_prices(db: Any, products: list[dict[str, Any]]) -> None:
    prices: dict[str, list[dict[str, Any]]] = {}
    for row in await store.list_prices(db, [product["product_id"] for product in products]):
        prices.setdefault(row["product_id"], []).append(dict(row))
    for product in products:
        product["prices"] = prices.get(product["product_id"], [])


async def list_categories(service: InteractionService) -> list[dict[str, Any]]:
    """Categories with the number of their products."""
    async with service.read() as db:
        return [dict(row) for row in await store.list_categories(db)]


async def list_partners(
    service: InteractionService, *, search: str | None = None, kind: str | None = None, active: bool | None = None, after: str | None = None,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of partners by id."""
    async with service.read() as db:
        rows = await store.list_partners(db, search=search, kind=kind, active=active, after=after, limit=limit + 1)
    return [dict(row) for row in rows[:limit]], rows[limit - 1]["partner_id"] if len(rows) > limit else None


async def get_partner(service: InteractionService, *, partner_id: str) -> dict[str, Any]:
    """One partner. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_partner(db, partner_id)
    if row is None:
        raise errors.unknown_partner()
    return dict(row)


async def list_buyers(service: InteractionService, *, product_id: str, after: UUID | None, limit: int) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page of customers who bought a product."""
    async with service.read() as db:
        rows = await store.list_buyers(db, product_id, after=after, limit=limit + 1)
    return [dict(row) for row in rows[:limit]], rows[limit - 1]["customer_id"] if len(rows) > limit else None


async def list_customers_through(
    service: InteractionService, *, partner_id: str, after: UUID | None, limit: int
) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page of customers who came through a partner."""
    async with service.read() as db:
        rows = await store.list_customers_through(db, partner_id, after=after, limit=limit + 1)
    return [dict(row) for row in rows[:limit]], rows[limit - 1]["customer_id"] if len(rows) > limit else None


async def list_bought(service: InteractionService, *, customer_id: UUID) -> list[dict[str, Any]]:
    """Products a customer bought, the latest first."""
    async with service.read() as db:
        return [dict(row) for row in await store.list_bought(db, await identities_of(db, customer_id))]


async def list_partners_of(service: InteractionService, *, customer_id: UUID) -> list[dict[str, Any]]:
    """Partners a customer came through, the latest first."""
    async with service.read() as db:
        return [dict(row) for row in await store.list_partners_of(db, await identities_of(db, customer_id))]


async def figures(service: InteractionService, *, by: str, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    """Orders by partner or salesperson, by currency, with the split into direct and indirect; by partner also contacts."""
    async with service.read() as db:
        rows = [dict(row) for row in await store.list_figures(db, by=by, since=since, until=until)]
        contacts = [dict(row) for row in await store.list_contact_figures(db, since=since, until=until)] if by == "partner" else []
    split: dict[str, dict[str, Any]] = {}
    for row in rows:
        sums = split.setdefault(row["currency"], {"currency": row["currency"], "direct": dict.fromkeys(_SPLIT, 0), "indirect": dict.fromkeys(_SPLIT, 0)})
        part = sums["direct" if row["key"] is None else "indirect"]
        for name in _SPLIT:
            part[name] += row[name]
    return {"by": by, "rows": rows, "split": list(split.values()), "contacts": contacts}
