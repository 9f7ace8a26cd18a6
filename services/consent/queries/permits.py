"""What was permitted."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.consent import errors
from services.consent.settings import ConsentService
from services.consent.store import permits
from services.consent.store.permits import Batch


async def get_permits(service: ConsentService, *, batch_id: UUID) -> Batch:
    """A batch with all its leaves, for audits. Raises UnknownBatch."""
    async with service.read() as db:
        found = await permits.find(db, batch_id)
    if found is None:
        raise errors.UnknownBatch
    return found


async def find_open_permits(service: ConsentService, *, batches: Sequence[UUID]) -> set[UUID]:
    """Those of these batches under which a message may still start."""
    async with service.read() as db:
        return await permits.open_of(db, batches)
