"""Grants end by themselves. Permits look at the time themselves; here it is written down and told to everybody else."""

from __future__ import annotations

from uuid import UUID

from chassis.ids import new_id
from services.consent.commands.counting import count_entries
from services.consent.domain.statements import ANY, EXPIRED, GRANTED, Entry
from services.consent.settings import ConsentService
from services.consent.store import ledger, people, purposes

A_RUN = 200


async def expire_consents(service: ConsentService) -> bool:
    """An entry for every grant whose time is over; it counts from its own end on. True: there may be more."""
    now = service.clock.now()
    async with service.transaction() as tx:
        due = await people.lapsing(tx.db, until=now, limit=A_RUN)
        if not due:
            return False
        defined = await purposes.newest(tx.db)
        locked = await people.lock(tx.db, due)
        entries: list[tuple[UUID, Entry]] = []
        for customer in due:
            for purpose, channels in locked[customer].said.items():
                for channel, said in channels.items():
                    if said.state != GRANTED or said.until is None or said.until > now or purpose == ANY:
                        continue
                    legal_basis = defined[purpose].legal_basis if purpose in defined else "consent"
                    entries.append(
                        (
                            customer,
                            Entry(
                                new_id(), customer, None, None, "expiry", {}, "consent", purpose, channel, EXPIRED, said.wording, legal_basis,
                                said.until, now, refers=(UUID(said.entry),),
                            ),
                        )
                    )
        await ledger.insert_entries(tx.db, [entry for _, entry in entries])
        await count_entries(tx, locked, entries, defined)
    return len(due) == A_RUN
