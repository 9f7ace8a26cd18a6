"""From claims to customers: the one place where identities are created, linked and merged and profiles change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from chassis.database import Connection
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.customer import store
from services.customer.commands import joining, linking, telling
from services.customer.commands.joining import Joining
from services.customer.commands.records import CustomerRecord
from services.customer.domain import contact, graph, traits
from services.customer.domain.graph import Claim, Graph
from services.customer.settings import CustomerService


class Assertion(NamedTuple):
    """What one event or request says: who, and with which traits."""

    claim: Claim
    traits: traits.Traits
    position: tuple[int, int] = (-1, -1)
    joins: Joining | None = None


class Collision(asyncpg.SerializationError):
    """Another transaction changed the same people meanwhile: the unit of work is run again."""


@dataclass
class Outcome:
    """What resolving did."""

    homes: list[UUID | None]
    settled: list[str] = field(default_factory=list)
    records: dict[UUID, CustomerRecord] = field(default_factory=dict)
    graph: Graph = field(default_factory=lambda: Graph(new_id))

    def root(self, customer: UUID) -> UUID:
        return self.graph.root(customer)


async def resolve(
    service: CustomerService, tx: Transaction, assertions: Sequence[Assertion], *, known: dict[bytes, graph.Owned] | None = None
) -> Outcome:
    """Apply assertions in order inside the caller's transaction. Raises Collision when other processes were faster.

    `known` are those of their identities that exist, if the caller has looked, holding still. Applying an assertion twice changes nothing: links exist, and traits are joined by their stamps.
    """
    await store.identities.hold_still(tx.db)
    if known is None:
        known = await _known(tx.db, assertions)
    outcome = Outcome([None] * len(assertions))
    work = []
    for place, assertion in enumerate(assertions):
        home = _nothing_new(assertion, known)
        if home is None:
            work.append((place, assertion))
        else:
            outcome.homes[place] = home
    if work:
        await _apply(service, tx, work, known, outcome)
    outcome.settled = _settled(assertions, known, outcome.graph)
    return outcome


async def _known(db: Connection, assertions: Sequence[Assertion]) -> dict[bytes, graph.Owned]:
    wanted = {link.hash for assertion in assertions for link in assertion.claim.links}
    wanted.update(assertion.claim.primary.hash for assertion in assertions if assertion.claim.primary is not None)
    if not wanted:
        return {}
    rows = await store.identities.find(db, identities=wanted)
    return {row.identity: graph.Owned(row.customer_id, row.home_id) for row in rows}


def _nothing_new(assertion: Assertion, known: dict[bytes, graph.Owned]) -> UUID | None:
    """The home of an event that links nothing and tells nothing."""
    claim = assertion.claim
    if assertion.traits or assertion.joins is not None or claim.primary is None:
        return None
    mine = known.get(claim.primary.hash)
    if mine is None:
        return None
    for link in claim.links:
        other = known.get(link.hash)
        if other is None or other.owner != mine.owner:
            return None
    return mine.home


def pair(claim: Claim, link: str = "") -> str:
    """How a claim is remembered once it is dealt with: who, with whom, on whose word."""
    assert claim.primary is not None
    word = "a" if claim.alias else "s" if claim.server else "b"
    return claim.primary.hash.hex() + (link + word if link else "")


def _settled(assertions: Sequence[Assertion], known: dict[bytes, graph.Owned], changes: Graph) -> list[str]:
    """What needs no look-up when it is said again."""
    undecided = {review.event_id for review in changes.reviews if review.reason == "too_many_at_once"}
    found = []
    for assertion in assertions:
        claim = assertion.claim
        if claim.primary is not None and claim.primary.hash in known and claim.event_id not in undecided:
            found.append(pair(claim))
            found.extend(pair(claim, link.hash.hex()) for link in claim.links)
    return found


async def _apply(
    service: CustomerService, tx: Transaction, work: list[tuple[int, Assertion]], known: dict[bytes, graph.Owned], outcome: Outcome
) -> None:
    roots = await _roots(tx.db, work, known)
    definitions = await store.definitions.current(tx.db, service.resources.definitions)
    records = await load(service, tx.db, roots)
    outcome.records = records
    outcome.graph = await linking.graph_of(
        tx.db, rules=service.resources.rules, claims=[assertion.claim for _, assertion in work], known=known, records=records
    )
    now = service.clock.now()
    for place, assertion in work:
        home = outcome.graph.apply(assertion.claim)
        outcome.homes[place] = home
        if home is None:
            continue
        if home not in records:
            claim = assertion.claim
            records[home] = CustomerRecord.begin(home, definitions=definitions, at=claim.at, now=now, source=claim.source, type=claim.type)
        if assertion.traits:
            records[home].tell(assertion.traits, identity=assertion.claim.primary.hash if assertion.claim.primary else None)
    for link in outcome.graph.linked:
        implied = _implied(link, outcome)
        if implied:
            records[link.home].tell(implied, identity=link.identity.hash)
    said = [(home, each.joins) for place, each in work if each.joins is not None and (home := outcome.homes[place]) is not None]
    if said:
        await joining.join(tx.db, said=said, identities=outcome.graph.identities, records=records)
    await write(service, tx, outcome, automatic=True)


async def _roots(db: Connection, work: list[tuple[int, Assertion]], known: dict[bytes, graph.Owned]) -> set[UUID]:
    roots: set[UUID] = set()
    given: set[UUID] = set()
    for _, assertion in work:
        claim = assertion.claim
        roots.update(known[identity.hash].owner for identity in claim.named if identity.hash in known)
        if claim.customer is not None:
            given.add(claim.customer)
    if given:
        roots.update(row.root_id for row in await store.customers.find(db, ids=given))
    return roots


async def load(service: CustomerService, db: Connection, roots: set[UUID]) -> dict[UUID, CustomerRecord]:
    """The customers of the roots, locked. Raises Collision when a root was merged away meanwhile."""
    if not roots:
        return {}
    await store.customers.lock(db, ids=roots)
    definitions = await store.definitions.current(db, service.resources.definitions)
    records = {row.id: CustomerRecord(row, definitions=definitions) for row in await store.customers.families(db, roots=roots)}
    if any(root not in records or records[root].root_id != root for root in roots):
        raise Collision("a customer was merged meanwhile")
    return records


def _implied(link: graph.Link, outcome: Outcome) -> traits.Traits:
    """An address by which somebody is recognised also is a way to reach them, until somebody tells better."""
    if link.identity.kind not in {"email", "phone"}:
        return {}
    value = link.identity.value
    try:
        value = contact.normal_email(value) if link.identity.kind == "email" else contact.normal_phone(value)
    except contact.BadContact:
        return {}
    return {link.identity.kind: traits.implied(value, source=link.source)}


async def write(service: CustomerService, tx: Transaction, outcome: Outcome, *, automatic: bool) -> list[store.merges.Row]:
    """Store what the graph and the records say now, and tell it. Returns the merges."""
    now, changes, records = service.clock.now(), outcome.graph, outcome.records
    moving = {}
    for merge in changes.merges:
        record = records[merge.merged]
        record.merged_into = merge.survivor
        if record.stored is not None:
            moving[merge.merged] = changes.root(merge.survivor)
    moved = await store.identities.move(tx.db, to=moving) if moving else []
    for record in records.values():
        record.settle(changes)
    families: dict[UUID, list[CustomerRecord]] = {}
    for record in records.values():
        families.setdefault(record.root_id, []).append(record)
    for link in changes.linked:
        records[changes.root(link.owner)].touch()
    for root, family in families.items():
        records[root].lead(family, changes.people[root])
    for record in records.values():
        record.updated_at = now if record.dirty else record.updated_at
    fresh = [record for record in records.values() if record.stored is None]
    if fresh:
        await store.customers.insert(tx.db, rows=[record.row() for record in fresh])
    changed = [record for record in records.values() if record.stored is not None and record.dirty]
    if changed:
        await store.customers.update(tx.db, rows=[record.row() for record in changed])
    await _write_links(tx.db, changes, now=now)
    words = {word for record in records.values() for word in record.vocabulary()}
    if words:
        await store.search.note_words(tx.db, words=words)
    told = [each for record in records.values() for each in record.history()]
    if told:
        await store.history.add(tx.db, rows=told, recorded_at=now)
    merges = _merge_rows(changes, moved, now=now, automatic=automatic)
    if merges:
        await store.merges.insert(tx.db, rows=merges)
    await linking.write_reviews(tx.db, changes=changes, now=now)
    await telling.tell(tx, changes=changes, records=records, merges=merges, moved=[row for _, row in moved], now=now)
    return merges


async def _write_links(db: Connection, changes: Graph, *, now: datetime) -> None:
    if not changes.linked:
        return
    rows = [
        store.identities.Row(
            link.identity.hash, link.identity.kind, link.identity.key, changes.root(link.owner), link.home, link.at, link.source, now
        )
        for link in changes.linked
    ]
    if await store.identities.insert(db, rows=rows) < len(rows):
        raise Collision("an identity was linked meanwhile")


def _merge_rows(
    changes: Graph, moved: Sequence[tuple[UUID, store.identities.Row]], *, now: datetime, automatic: bool
) -> list[store.merges.Row]:
    """The merges, each with all identities that came along with the merged customer."""
    along: dict[UUID, set[bytes]] = {merge.merged: set() for merge in changes.merges}
    came = [(giver, row.identity) for giver, row in moved] + [(link.owner, link.identity.hash) for link in changes.linked]
    for customer, identity in came:
        for merged in changes.way(customer):
            along[merged].add(identity)
    return [
        store.merges.Row(new_id(), merge.survivor, merge.merged, merge.reason, automatic, merge.event_id, sorted(along[merge.merged]), now)
        for merge in changes.merges
    ]
