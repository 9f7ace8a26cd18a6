"""All customers and identities that are one person."""

from __future__ import annotations

from uuid import UUID

from services.customer import store
from services.customer.settings import CustomerService


async def get_family(service: CustomerService, *, customer_id: UUID) -> tuple[UUID, list[UUID], list[bytes]]:
    """The surviving customer, all customers merged into it, and the keyed hashes of their identities; an unknown id stands for itself alone."""
    async with service.read() as db:
        found = await store.customers.find(db, ids=[customer_id])
        if not found:
            return customer_id, [customer_id], []
        root = found[0].root_id
        customers = sorted({row.id for row in await store.customers.families(db, roots={root})} | {customer_id})
        identities = sorted({row.identity for row in await store.identities.of_customers(db, customers=customers)})
    return root, customers, identities
