"""Accounts, addresses, choices and needs of a customer as they were known at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.errors import Unknown
from services.customer import store
from services.customer.domain import accounts as rules
from services.customer.domain import reaching, traits
from services.customer.domain.reaching import KINDS, Known, Point
from services.customer.queries.accounts import OwnAccount
from services.customer.queries.past import Past, get_past
from services.customer.queries.reaching import Preferences
from services.customer.settings import CustomerService
from services.customer.store.reaching import Need

#: Identities among which addresses of that time are looked for.
LOOKED_AT: Final = 2000


async def accounts_at(service: CustomerService, *, customer_id: UUID, at: datetime) -> list[OwnAccount]:
    """The accounts of a person then, the first one first, as they were named then. Raises Unknown, Invalid."""
    past = await get_past(service, customer_id=customer_id, at=at, limit=0)
    async with service.read() as db:
        rows = await store.past_states.memberships(db, people=past.documents, at=at)
    found: dict[UUID, Past] = {}
    for account in {row.account_id for row in rows}:
        try:
            found[account] = await get_past(service, customer_id=account, at=at, limit=0)
        except Unknown:
            continue  # erased since
    roots = {account: each.found.root.id for account, each in found.items()} | dict.fromkeys(past.documents, past.found.root.id)
    answering = {each.found.root.id: each.found for each in found.values()}
    return [OwnAccount(answering[one.account_id], one) for one in rules.belongings(rows, roots=roots) if one.account_id in answering]


async def contact_points_at(service: CustomerService, *, customer_id: UUID, at: datetime) -> list[Point]:
    """All addresses and numbers then, the best of each kind first. Raises Unknown, Invalid."""
    past = await get_past(service, customer_id=customer_id, at=at, limit=LOOKED_AT)
    async with service.read() as db:
        marks = await store.past_states.marks(db, homes=past.documents, at=at)
    addresses = [
        Known(row.home_id, row.kind, row.key.partition(":")[2], row.linked_at, row.source) for row in past.identities if row.kind in KINDS
    ]
    return store.surroundings.points_of(past.documents, addresses, marks, past.weights)


async def preferences_at(service: CustomerService, *, customer_id: UUID, at: datetime) -> Preferences:
    """Language, time zone and channels then. Raises Unknown, Invalid."""
    past = await get_past(service, customer_id=customer_id, at=at, limit=0)
    async with service.read() as db:
        choices = await store.past_states.choices(db, homes=past.documents, at=at)
    values = traits.values(past.found.profile)
    return Preferences(traits.text_of(values, "language"), traits.text_of(values, "time_zone"), reaching.chosen(choices))


async def needs_at(service: CustomerService, *, customer_id: UUID, at: datetime, unmet: bool) -> list[Need]:
    """What the customer had told to need by then, oldest first. Raises Unknown, Invalid."""
    past = await get_past(service, customer_id=customer_id, at=at, limit=0)
    async with service.read() as db:
        found = await store.past_states.needs(db, homes=past.documents, at=at)
    return [need for need in found if not unmet or need.met_at is None]
