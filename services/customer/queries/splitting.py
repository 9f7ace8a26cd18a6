"""What a split would come to, before anybody decides."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from services.customer import errors, store
from services.customer.domain import identifying, traits
from services.customer.domain.splitting import divided
from services.customer.queries.customers import Found, found_of, get_customer
from services.customer.settings import CustomerService


class Splitting(NamedTuple):
    """The customer as it would stay and the one that would go, and by what each is recognised (the first ones)."""

    stays: Found
    goes: Found
    staying: list[str]
    identity: str
    moving: list[str]


async def preview_split(service: CustomerService, *, customer_id: UUID, identity: str, limit: int) -> Splitting:
    """Nothing is changed. Raises Unknown, Invalid."""
    found = await get_customer(service, customer_id=customer_id)
    try:
        key = str(identifying.normal_identity(identity, region=service.settings.default_region or None))
    except ValueError as error:
        raise errors.bad_identity("/path/identity", str(error)) from None
    async with service.read() as db:
        rows = await store.identities.find(db, identities=[service.hash_identity(key)])
        if not rows or rows[0].customer_id != found.root.id:
            raise errors.not_their_identity()
        (row,) = rows
        told = [*await store.history.of_home(db, home=row.home_id), *await store.identities.implied_at(db, home=row.home_id)]
        definitions = await store.definitions.current(db, service.resources.definitions)
        kinds = await store.identities.kinds(db, customer=found.root.id)
        others = await store.identities.of_customer(db, customer=found.root.id, after=None, limit=limit)
    documents = {each.id: traits.read(each.traits) for each in (found.root, *found.members)}
    parts = divided(documents[row.home_id], told, identity=row.identity, weights=definitions.weights)
    home = {name: trait for name, trait in documents[row.home_id].items() if name not in parts.instead}
    documents[row.home_id] = home | {name: trait for name, trait in parts.instead.items() if trait is not None}
    staying = [each.key for each in others if each.identity != row.identity]
    head = found.root._replace(known=bool(kinds - {"anon"}))
    alone = found.root._replace(known=row.kind != "anon", registered_at=row.linked_at)
    return Splitting(
        found_of(head, found.members, documents, weights=definitions.weights, sensitive=found.sensitive),
        found_of(alone, (), {alone.id: parts.going}, weights=definitions.weights, sensitive=found.sensitive),
        staying, row.key, sorted(parts.going),
    )
