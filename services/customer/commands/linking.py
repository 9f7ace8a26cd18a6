"""What the graph must know of the people a batch speaks of, and what is written of its decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id
from services.customer import store
from services.customer.commands.records import CustomerRecord
from services.customer.domain import graph
from services.customer.domain.graph import Claim, Graph, Owned, Person
from services.customer.domain.rules import Rules


async def graph_of(
    db: Connection, *, rules: Rules, claims: Sequence[Claim], known: dict[bytes, Owned], records: Mapping[UUID, CustomerRecord]
) -> Graph:
    """The part of the graph that the claims touch. What only rules need is read only where something new is linked."""
    families = Counter(record.root_id for record in records.values())
    roots = list(families)
    people = {root: Person(root, records[root].has_user, records[root].known, families[root], records[root].type) for root in roots}
    changes = Graph(new_id, identities=known, people=people, rules=rules)
    if any(_links_anew(claim, known) for claim in claims):
        if len(roots) > 1:
            changes.separated = await store.merges.separated(db, roots=roots)
        for root, kind, count in await store.identities.count_kinds(db, customers=roots):
            people[root].kinds[kind] = count
        devices = {named.hash for claim in claims for named in claim.named if named.kind == "anon" and named.hash in known}
        if rules.shared_device is not None and devices:
            changes.seen = await store.devices.seen(db, devices=devices)
    return changes


def _links_anew(claim: Claim, known: Mapping[bytes, Owned]) -> bool:
    mine = claim.customer if claim.primary is None else known[claim.primary.hash].owner if claim.primary.hash in known else None
    return any(mine is None or link.hash not in known or known[link.hash].owner != mine for link in claim.links)


async def write_reviews(db: Connection, *, changes: Graph, now: datetime) -> None:
    """What rules held back, and the devices that led to it."""
    if changes.sighted:
        await store.devices.note(db, seen=changes.sighted)
    if changes.reviews:
        rows: dict[object, store.reviews.Row] = {}
        for review in changes.reviews:
            named = review.identity
            one = (review.owner, named.kind) if review.reason == graph.TOO_MANY else (review.owner, review.other, named.hash, review.reason)
            row = store.reviews.Row(
                new_id(), named.hash, named.kind, named.key, review.owner, review.other, review.reason, review.event_id, now
            )
            rows.setdefault(one, row)
        await store.reviews.note(db, rows=list(rows.values()))
