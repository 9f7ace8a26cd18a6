"""Taking over who asked that their data are kept and not used."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.customer import store
from services.customer.settings import CustomerService


async def note_restrictions(service: CustomerService, tx: Transaction, *, restricted: Mapping[UUID, bool]) -> None:
    """For each customer whether the use of the data is restricted now."""
    listed = {customer for customer, stands in restricted.items() if stands}
    await store.restrictions.put(tx.db, restricted=listed, free=set(restricted) - listed, at=service.clock.now())
