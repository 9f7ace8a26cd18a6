"""How a customer may be reached, what they chose, what they need."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from services.customer import store
from services.customer.domain import reaching, traits
from services.customer.domain.reaching import Point
from services.customer.queries.customers import Found, get_customer
from services.customer.settings import CustomerService
from services.customer.store.reaching import Need

#: Open needs that the view of a customer shows.
SHOWN_NEEDS = 50


class Preferences(NamedTuple):
    """What a customer chose."""

    language: str | None
    time_zone: str | None
    channels: dict[str, str]


async def list_contact_points(service: CustomerService, *, customer_id: UUID) -> list[Point]:
    """All addresses and numbers of a customer, the best of each kind first. Raises Unknown."""
    found = await get_customer(service, customer_id=customer_id)
    documents = {row.id: traits.read(row.traits) for row in (found.root, *found.members)}
    async with service.read() as db:
        definitions = await store.definitions.current(db, service.resources.definitions)
        surroundings = await store.surroundings.of_families(db, families={found.root.id: documents}, weights=definitions.weights)
    return surroundings[found.root.id].points


async def get_preferences(service: CustomerService, *, customer_id: UUID) -> Preferences:
    """Language, time zone and channels. Raises Unknown."""
    found = await get_customer(service, customer_id=customer_id)
    values = traits.values(found.profile)
    async with service.read() as db:
        choices = await store.reaching.choices(db, homes=homes(found))
    return Preferences(traits.text_of(values, "language"), traits.text_of(values, "time_zone"), reaching.chosen(choices))


async def list_needs(service: CustomerService, *, customer_id: UUID, unmet: bool, after: UUID | None, limit: int) -> list[Need]:
    """What a customer told to need, oldest first. Raises Unknown."""
    found = await get_customer(service, customer_id=customer_id)
    async with service.read() as db:
        return await store.reaching.needs(db, homes=homes(found), unmet=unmet, after=after, limit=limit)


def homes(found: Found) -> list[UUID]:
    """Everybody who is this customer."""
    return [found.root.id, *(member.id for member in found.members)]
