"""How a person stands."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from services.consent.domain import statements
from services.consent.domain.statements import Entry, Purpose, Said
from services.consent.settings import ConsentService
from services.consent.store import ledger, people, purposes


class Standing(NamedTuple):
    """How a purpose and channel stand for a person: what counts, and whether it may be used."""

    purpose: Purpose
    channel: str
    said: Said | None
    refusal: str | None


class ConsentOf(NamedTuple):
    """A person's consent: who answers (after merges), its version, every purpose and channel, and a page of the ledger."""

    customer_id: UUID
    version: int
    standings: list[Standing]
    entries: list[Entry]
    more: bool


async def get_consent(service: ConsentService, *, customer_id: UUID, before: UUID | None = None, limit: int = 100) -> ConsentOf:
    """Consent of a customer, whoever it was merged into; nothing said is an answer, too."""
    async with service.read() as db:
        root, family = await people.members(db, customer_id)
        person = await people.find(db, root)
        defined = await purposes.newest(db)
        entries = await ledger.entries_of(db, list({*family, customer_id}), before=before, limit=limit + 1)
    counts = person.effective if person else {}
    standings = [
        Standing(purpose, channel, said := counts.get(purpose.purpose, {}).get(channel), statements.refusal(purpose, channel, said))
        for purpose in defined.values()
        for channel in purpose.channels
    ]
    return ConsentOf(root, person.version if person else 0, standings, entries[:limit], len(entries) > limit)
