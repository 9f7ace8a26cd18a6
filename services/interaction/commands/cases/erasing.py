"""Erasing people from cases, from what is known about customers, and from the counts of touch points."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.interaction.store import case_erasing


async def erase_people(tx: Transaction, *, identities: Sequence[bytes], customers: Sequence[UUID]) -> dict[str, int]:
    """Table -> rows. Cases stay as figures without person and content; applied again it finds nothing. Part of erasing events, in its transaction."""
    cases = await case_erasing.find_cases_of(tx.db, identities=identities, customers=customers)
    rows = await case_erasing.blank_cases(tx.db, cases) if cases else {}
    return rows | await case_erasing.delete_known(tx.db, identities=identities, customers=customers)
