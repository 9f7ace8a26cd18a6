"""Scans, and the pairs that people have to look at."""

from __future__ import annotations

from uuid import UUID

from services.customer import errors, store
from services.customer.settings import CustomerService


async def get_scan(service: CustomerService, *, scan_id: UUID) -> store.duplicates.Scan:
    """Raises Unknown."""
    async with service.read() as db:
        scan = await store.duplicates.find_scan(db, scan_id=scan_id)
    if scan is None:
        raise errors.unknown_scan()
    return scan


async def list_scans(service: CustomerService, *, before: UUID | None, limit: int) -> list[store.duplicates.Scan]:
    """The newest first."""
    async with service.read() as db:
        return await store.duplicates.page_scans(db, before=before, limit=limit)


async def list_duplicates(
    service: CustomerService, *, state: str, least: float, customer_id: UUID | None, after: tuple[float, UUID, UUID] | None, limit: int
) -> list[store.duplicates.Pair]:
    """Pairs in a state with at least this probability, the likeliest first."""
    async with service.read() as db:
        return await store.duplicates.list_pairs(db, state=state, least=least, customer=customer_id, after=after, limit=limit)
