"""What customers bought in all, by currency and in a home currency."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.interaction import errors
from services.interaction.domain import money, totals
from services.interaction.queries import ordering
from services.interaction.settings import InteractionService
from services.interaction.store import totals as store


async def get_totals(service: InteractionService, *, customer_id: UUID, home: str | None = None) -> dict[str, Any]:
    """Sums of a customer over all identities, by currency; with `home` also what was kept in that currency. Raises Invalid."""
    wanted = money.read_currency(home) if home is not None else None
    if home is not None and wanted is None:
        raise errors.unknown_currency("/home")
    async with service.read() as db:
        rows = [dict(row) for row in await store.list_sums(db, await ordering.identities_of(db, customer_id))]
        found: dict[str, Any] = {"customer_id": customer_id, "currencies": totals.by_currency(rows), "home": None}
        if wanted is not None:
            rates: dict[str, list[totals.Rate]] = {}
            for row in await store.list_rates(db, home=wanted, currencies=sorted({row["currency"] for row in rows})):
                rates.setdefault(row["currency"], []).append(totals.Rate(row["day"], row["rate"], row["source"]))
            found["home"] = totals.at_home(rows, wanted, rates)
    return found


async def list_totals(service: InteractionService, *, after: UUID | None, limit: int) -> tuple[list[dict[str, Any]], UUID | None]:
    """A page of customers in the order of their ids, each with its sums by currency."""
    async with service.read() as db:
        rows = await store.list_sums_of_customers(db, after=after, limit=limit + 1)
    listed: dict[UUID, list[Any]] = {}
    for row in rows:
        sums = listed.setdefault(row["listed"], [])
        if row["currency"] is not None:
            sums.append(row)
    page = [*listed][:limit]
    found = [{"customer_id": customer_id, "currencies": totals.by_currency(listed[customer_id]), "home": None} for customer_id in page]
    return found, page[-1] if len(listed) > limit else None


async def list_rates(service: InteractionService, *, home: str | None = None) -> list[dict[str, Any]]:
    """All rates that were told."""
    async with service.read() as db:
        return [{**row, "rate": str(row["rate"])} for row in await store.list_rates(db, home=home)]
