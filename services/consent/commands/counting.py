"""What was said comes to count: the rows of people, and what is told about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from chassis.unit_of_work import Transaction
from contracts import consent as facts
from services.consent.domain import statements
from services.consent.domain.statements import ANY, RESTRICTED, Entry, Purpose, Said
from services.consent.store import people
from services.consent.store.people import Person

#: By when a withdrawal is effective at the latest, as told in its fact; the caller is answered the exact time.
LATEST_EFFECT: Final = timedelta(seconds=5)


async def count_entries(
    tx: Transaction, locked: dict[UUID, Person], entries: Iterable[tuple[UUID, Entry]], defined: Mapping[str, Purpose]
) -> dict[UUID, Person]:
    """Let entries count for customers whose rows are locked, oldest first; returns the changed roots, saved and told."""
    changed: set[UUID] = set()
    counted: list[tuple[UUID, Entry]] = []
    for customer, entry in entries:
        said = Said(entry.state, entry.said_at, str(entry.id), entry.wording_version, entry.expires_at)
        if statements.take(locked[customer].said, entry.purpose, entry.channel, said):
            changed.add(customer)
            counted.append((locked[customer].root_id, entry))
    if not changed:
        return {}
    await people.save(tx.db, [locked[customer] for customer in changed])
    roots = await renew_roots(tx, {root: locked[root] for root, _ in counted}, defined)
    for root, entry in counted:
        _tell_entry(tx, roots[root], entry, defined)
    return roots


async def renew_roots(tx: Transaction, roots: dict[UUID, Person], defined: Mapping[str, Purpose]) -> dict[UUID, Person]:
    """What counts for these roots is worked out anew, saved under the next version, and told."""
    merged = await people.with_merged(tx.db, list(roots))
    renewed: dict[UUID, Person] = {}
    for root, person in roots.items():
        if root in merged:
            said, merges = await people.family(tx.db, root)
            counts = statements.effective(str(root), said, merges)
        else:
            counts = person.said
        renewed[root] = person._replace(effective=counts, version=person.version + 1)
    await people.save(tx.db, renewed.values())
    for root, person in renewed.items():
        tx.tell(facts.ConsentState(customer_id=str(root), purposes=statements.shown(person.effective, defined), version=person.version))
    return renewed


def _tell_entry(tx: Transaction, root: Person, entry: Entry, defined: Mapping[str, Purpose]) -> None:
    if entry.state == statements.GRANTED and entry.purpose != ANY:
        tx.tell(
            facts.ConsentGranted(
                customer_id=str(root.customer_id), purpose=entry.purpose, channel=entry.channel, version=root.version,
                entry_id=str(entry.id), granted_at=entry.said_at,
            )
        )
    if entry.state != statements.WITHDRAWN:
        return
    covered = [(entry.purpose, entry.channel)]
    if entry.purpose == ANY:
        covered = [
            (name, channel) for name, purpose in defined.items() for channel in purpose.channels
            if entry.channel == RESTRICTED or (purpose.stoppable and entry.channel in (ANY, channel))
        ]
    for purpose, channel in covered:
        tx.tell(
            facts.ConsentWithdrawn(
                customer_id=str(root.customer_id), purpose=purpose, channel=channel, version=root.version, entry_id=str(entry.id),
                effective_at=entry.recorded_at + LATEST_EFFECT,
            )
        )
