"""Which of some customers may be read for a purpose: asked by services before they hand out lists of people."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.consent import errors
from services.consent.domain import statements
from services.consent.domain.statements import Purpose, Statements
from services.consent.settings import ConsentService
from services.consent.store import people, purposes


async def list_allowed(service: ConsentService, *, purpose: str | None, channel: str | None, customers: Sequence[UUID]) -> list[UUID]:
    """Those of them whose data may be used for the purpose now (None: for anything at all), in the order given.

    Without a channel one allowed channel of the purpose is enough. Raises UnknownPurpose, UnknownChannel.
    """
    async with service.read() as db:
        defined = await purposes.newest(db)
        counts = await people.effective_of(db, customers)
    if purpose is None:
        return [one for one in customers if statements.restriction_of(counts.get(one, {})) is None]
    found = defined.get(purpose)
    if found is None:
        raise errors.UnknownPurpose(purpose)
    if channel is not None and channel not in found.channels:
        raise errors.UnknownChannel(found.channels)
    channels, now = [channel] if channel is not None else found.channels, service.clock.now()

    def may(said: Statements, known: Purpose) -> bool:
        return any(statements.refusal(known, one, said, now) is None for one in channels)

    return [one for one in customers if may(counts.get(one, {}), found)]


async def get_restriction(service: ConsentService, *, customer_id: UUID) -> statements.Said | None:
    """The restriction of a customer's data, while there is one."""
    async with service.read() as db:
        counts = await people.effective_of(db, [customer_id])
    return statements.restriction_of(counts.get(customer_id, {}))
