"""Merges."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from chassis.errors import Unavailable
from services.customer import store
from services.customer.queries.customers import get_customer
from services.customer.settings import CustomerService

SHOWN_MESSAGES: Final = 100


async def list_merges(
    service: CustomerService, *, customer_id: UUID | None, after: UUID | None, limit: int
) -> list[store.merges.Row]:
    """Merges of a customer and of everybody merged into it, or all. Raises Unknown."""
    if customer_id is None:
        async with service.read() as db:
            return await store.merges.page(db, after=after, limit=limit)
    found = await get_customer(service, customer_id=customer_id)
    people = {customer_id, found.root.id, *(member.id for member in found.members)}
    async with service.read() as db:
        return await store.merges.of_customers(db, customers=people, after=after, limit=limit)


async def sent_messages(service: CustomerService, *, at: str) -> list[dict[str, Any]] | None:
    """The messages listed at an address of the campaign service, the newest hundred; None while it does not answer."""
    try:
        answer = await service.peers["campaign"].call("GET", f"{at}&limit={SHOWN_MESSAGES}", scopes=["campaigns:read"])
    except Unavailable:
        return None
    return list(answer.json()["data"]) if answer.status == 200 else None
