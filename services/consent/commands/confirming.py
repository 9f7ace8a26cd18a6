"""Double opt-in: a grant counts when the person who can read the address has confirmed it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis.errors import Gone
from chassis.ids import new_id
from services.consent.commands.recording import Recorded, again_on_collision, record
from services.consent.commands.stating import grant_ends
from services.consent.domain.statements import EXPIRED, GRANTED
from services.consent.settings import ConsentService
from services.consent.store import ledger, pending, purposes

A_RUN = 500


async def confirm_grant(service: ConsentService, *, entry_id: UUID, evidence: dict[str, Any], language: str | None) -> Recorded | None:
    """The grant counts from now on, under the wording it was asked with; None when it was confirmed before. Raises Gone when it has lapsed."""

    async def act() -> Recorded | None:
        async with service.transaction() as tx:
            asked = await ledger.find(tx.db, entry_id)
            if asked is None:
                raise Gone("consent.confirmation_lapsed", "This confirmation came too late. Sign up once more.")
            if not await pending.take(tx.db, entry_id):
                if await ledger.was_confirmed(tx.db, entry_id):
                    return None
                raise Gone("consent.confirmation_lapsed", "This confirmation came too late. Sign up once more.")
            defined = await purposes.newest(tx.db)
            now = service.clock.now()
            entry = asked._replace(
                id=new_id(), state=GRANTED, source="double_opt_in", evidence={**evidence, "asked": asked.evidence, "asked_source": asked.source},
                actor="customer", language=language or asked.language, said_at=now, recorded_at=now, refers=(asked.id,),
                expires_at=grant_ends(defined[asked.purpose], now) if asked.purpose in defined else None,
            )
            return (await record(tx, [entry], defined))[0]

    return await again_on_collision(act)


async def end_unconfirmed(service: ConsentService) -> bool:
    """What nobody confirmed in time is over; the ledger says so. True: there is more."""
    now = service.clock.now()
    async with service.transaction() as tx:
        overdue = await pending.overdue(tx.db, until=now, limit=A_RUN)
        found = [asked for asked in [await ledger.find(tx.db, entry_id) for entry_id in overdue] if asked is not None]
        await ledger.insert_entries(
            tx.db,
            [
                asked._replace(
                    id=new_id(), state=EXPIRED, source="confirmation", evidence={}, actor="consent", said_at=now, recorded_at=now,
                    refers=(asked.id,), expires_at=None,
                )
                for asked in found
            ],
        )
    return len(overdue) == A_RUN
