"""Joining visits of one person: those that changed, and those whose owner changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from services.interaction.settings import InteractionService
from services.interaction.store import sessions as store

#: Identities in one transaction.
AT_ONCE: Final = 2000


async def join_visits(service: InteractionService) -> bool:
    """Bring the sessions and what is counted of them up to date; True when there may be more to do."""
    async with service.transaction() as tx:
        await store.alone(tx.db)
        marked = await store.take_marked(tx.db, AT_ONCE)
        if not marked:
            return False
        owners: dict[bytes, UUID] = {}
        changed: dict[UUID, datetime] = {}
        for row in await store.list_owners(tx.db, list(marked)):
            identity, before = row["identity"], row["before"]
            now = row["now"] or UUID(bytes=identity)  # whoever nobody knows is a visitor of their own
            begin = marked[identity] if before == now else store.EVER
            for owner in {before, now} - {None}:
                changed[owner] = min(changed.get(owner, begin), begin)
            owners[identity] = now
        await store.put_owners(tx.db, owners)
        await store.rejoin(tx.db, changed)
    return len(marked) == AT_ONCE
