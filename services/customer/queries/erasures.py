"""The ledger of erasures, as it is kept outside the database."""

from __future__ import annotations

from typing import Any

from services.customer import store
from services.customer.settings import CustomerService


async def list_erasures(service: CustomerService) -> list[dict[str, Any]]:
    """Who was erased: ids and keyed hashes, nothing of a person; the oldest first."""
    async with service.read() as db:
        rows = await store.erasures.list_all(db)
    return [
        {
            "request_id": str(request_id), "customer_ids": [str(one) for one in customers], "identities": [one.hex() for one in marked],
            "erased_at": at.isoformat(),
        }
        for request_id, customers, marked, at in rows
    ]
