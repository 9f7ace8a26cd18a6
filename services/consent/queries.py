"""What can be asked: one async function for each read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from chassis.errors import Unknown
from contracts import links
from services.consent import errors
from services.consent.domain import statements
from services.consent.domain.statements import Entry, Purpose, Said
from services.consent.settings import ConsentService
from services.consent.store import ledger, people, permits, purposes
from services.consent.store.permits import Batch


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


class UnsubscribeLink(NamedTuple):
    """What an unsubscribe link speaks of."""

    customer_id: UUID
    channel: str
    purpose: Purpose
    message_id: str


async def list_purposes(service: ConsentService) -> list[Purpose]:
    """The newest version of each."""
    async with service.read() as db:
        return list((await purposes.newest(db)).values())


async def list_purpose_versions(service: ConsentService, *, purpose: str) -> list[Purpose]:
    """All versions of one, the newest first. Raises UnknownPurpose."""
    async with service.read() as db:
        found = await purposes.versions(db, purpose)
    if not found:
        raise errors.UnknownPurpose(purpose)
    return found


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


async def list_permit_keys(service: ConsentService) -> dict[str, bytes]:
    """Public keys by id, the newest first; old ones stay."""
    async with service.read() as db:
        return await permits.keys(db)


async def get_unsubscribe_link(service: ConsentService, *, token: str) -> UnsubscribeLink:
    """What a link says. Raises Unknown for anything that is not one of ours."""
    try:
        customer, channel, purpose, message = links.open_link(service.link_secret, links.UNSUBSCRIBE, token)
        customer_id = UUID(customer)
    except ValueError:
        raise Unknown("consent.unknown_link", "This link is not one of ours.") from None
    async with service.read() as db:
        defined = (await purposes.newest(db)).get(purpose)
    if defined is None or channel not in defined.channels:
        raise Unknown("consent.unknown_link", "This link is not one of ours.")
    return UnsubscribeLink(customer_id, channel, defined, message)
