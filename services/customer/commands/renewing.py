"""Customers of whom something changed beside their traits: a new version, and others are told."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands.records import CustomerRecord
from services.customer.commands.resolving import Outcome, load, write
from services.customer.domain.graph import Graph, Person
from services.customer.settings import CustomerService


class Family(NamedTuple):
    """Who answers for a customer, and everybody in the family; all locked."""

    root: CustomerRecord
    records: dict[UUID, CustomerRecord]

    @property
    def ids(self) -> list[UUID]:
        return [record.id for record in self.records.values() if record.root_id == self.root.id]


async def family_of(service: CustomerService, tx: Transaction, customer_id: UUID, *, versions: frozenset[int] | None = None) -> Family:
    """The customer that answers for the id, for a change; with `versions` only if it has one of these. Raises Unknown, Outdated."""
    await store.identities.hold_still(tx.db)
    rows = await store.customers.find(tx.db, ids=[customer_id])
    if not rows:
        raise errors.unknown_customer()
    records = await load(service, tx.db, {rows[0].root_id})
    require(records[rows[0].root_id], versions)
    return Family(records[rows[0].root_id], records)


def require(record: CustomerRecord, versions: frozenset[int] | None) -> None:
    """Raises Outdated when somebody changed the customer since it was read."""
    if versions is not None and record.version not in versions:
        raise errors.changed_meanwhile(record.version)


async def renew(service: CustomerService, tx: Transaction, records: dict[UUID, CustomerRecord]) -> None:
    """Write and tell records that were extended or touched."""
    roots = {record.root_id: records[record.root_id] for record in records.values()}
    people = {root: Person(root, record.has_user, record.known, type=record.type) for root, record in roots.items()}
    await write(service, tx, Outcome([], records=records, graph=Graph(new_id, people=people)), automatic=False)
