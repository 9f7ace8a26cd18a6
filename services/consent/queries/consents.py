"""How a person stands, now or at any time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import new_id
from services.consent import errors
from services.consent.domain import receipts, statements
from services.consent.domain.history import History, Step
from services.consent.domain.statements import ANY, Entry, Purpose, Said, Statements
from services.consent.settings import ConsentService
from services.consent.store import ledger, people, purposes


class Standing(NamedTuple):
    """How a purpose and channel stand for a person: what counts, and whether it may be used."""

    purpose: Purpose
    channel: str
    said: Said | None
    refusal: str | None


class ConsentOf(NamedTuple):
    """A person's consent: who answers (after merges), its version, every purpose and channel, stops by channel, and a page of the ledger."""

    customer_id: UUID
    version: int | None
    standings: list[Standing]
    stops: dict[str, Said]
    entries: list[Entry]
    more: bool
    restriction: Said | None = None


async def get_consent(
    service: ConsentService, *, customer_id: UUID, before: UUID | None = None, limit: int = 100, as_of: datetime | None = None
) -> ConsentOf:
    """Consent of a customer, whoever it was merged into; nothing said is an answer, too. `as_of`: as recorded until then."""
    if as_of is not None:
        return await _past(service, customer_id=customer_id, at=as_of)
    async with service.read() as db:
        root, family = await people.members(db, customer_id)
        person = await people.find(db, root)
        defined = await purposes.newest(db)
        entries = await ledger.entries_of(db, list({*family, customer_id}), before=before, limit=limit + 1)
    counts = person.effective if person else {}
    return ConsentOf(
        root, person.version if person else 0, standings_of(counts, defined, service.clock.now()), stops_of(counts), entries[:limit],
        len(entries) > limit, statements.restriction_of(counts),
    )


async def get_entry(service: ConsentService, *, customer_id: UUID, entry_id: UUID) -> Entry:
    """A line of this customer's ledger, or of somebody merged into it. Raises UnknownEntry."""
    async with service.read() as db:
        _, family = await people.members(db, customer_id)
        found = await ledger.find(db, entry_id)
        home = found.customer_id if found else None
        if found is not None and home is None and found.identity is not None:
            home = (await ledger.customers_of(db, [found.identity])).get(found.identity)
    if found is None or home not in {customer_id, *family}:
        raise errors.UnknownEntry
    return found


async def get_receipt(service: ConsentService, *, customer_id: UUID, entry_id: UUID) -> dict[str, Any]:
    """The signed receipt of a statement, in the language it was shown in. Raises UnknownEntry."""
    entry = await get_entry(service, customer_id=customer_id, entry_id=entry_id)
    async with service.read() as db:
        versions = {one.version: one for one in await purposes.versions(db, entry.purpose)}
    receipt = receipts.receipt_of(
        entry, versions.get(entry.wording_version), receipt_id=new_id(), controller=service.settings.organisation,
        principal=str(entry.customer_id or customer_id), language=(entry.language or "en").partition("-")[0], at=service.clock.now(),
    )
    return receipts.sign(receipt, service.resources.signer)


def standings_of(counts: Statements, defined: dict[str, Purpose], now: datetime) -> list[Standing]:
    """Every purpose and channel."""
    return [
        Standing(purpose, channel, counts.get(purpose.purpose, {}).get(channel), statements.refusal(purpose, channel, counts, now))
        for purpose in defined.values()
        for channel in purpose.channels
    ]


def stops_of(counts: Statements) -> dict[str, Said]:
    """The stops that are in force, by channel; `*` stands for all."""
    return {
        channel: said for channel, said in counts.get(ANY, {}).items() if said.state == statements.WITHDRAWN and channel != statements.RESTRICTED
    }


async def _past(service: ConsentService, *, customer_id: UUID, at: datetime) -> ConsentOf:
    """By playing the ledger again, under the purposes as they were defined then."""
    async with service.read() as db:
        _, family = await people.members(db, customer_id)
        lines = await ledger.history_of(db, list({*family, customer_id}), until=at)
        defined = await purposes.newest(db, until=at)
    history = History()
    for line in lines:
        history.apply(step_of(line))
    root = history.root_of(str(customer_id))
    counts = history.effective(root)
    mine = [line for line in lines if line.customer_id is None or history.root_of(str(line.customer_id)) == root]
    return ConsentOf(UUID(root), None, standings_of(counts, defined, at), stops_of(counts), mine[::-1], more=False, restriction=statements.restriction_of(counts))


def step_of(line: Entry) -> Step:
    """A line of the ledger as it is played."""
    return Step(
        line.tick, str(line.id), line.state, str(line.customer_id) if line.customer_id else None, line.identity.hex() if line.identity else None,
        line.purpose, line.channel, line.said_at, line.wording_version, line.expires_at, line.evidence.get("into"),
        tuple(str(one) for one in line.refers),
    )
