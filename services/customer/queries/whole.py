"""One customer with everything its page shows, read over one connection: under load each further one is a turn to wait for."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from services.customer import errors, store
from services.customer.queries.accounts import OwnAccount, accounts_of
from services.customer.queries.customers import Found, known
from services.customer.queries.reaching import SHOWN_NEEDS, homes
from services.customer.settings import CustomerService
from services.customer.store.reaching import Need


class Whole(NamedTuple):
    """A customer, the first of its identities, the accounts of a person, and the first of what it needs."""

    found: Found
    identities: list[store.identities.Row]
    accounts: list[OwnAccount]
    needs: list[Need]


async def get_whole(service: CustomerService, *, customer_id: UUID, identities: int) -> Whole:
    """The customer that answers for the id, with at most so many identities. Raises Unknown."""
    async with service.read() as db:
        answering = await known(service, db, ids=[customer_id])
        if not answering:
            raise errors.unknown_customer()
        found = answering[0]
        rows = await store.identities.of_customer(db, customer=found.root.id, after=None, limit=identities)
        accounts = await accounts_of(service, db, person=found) if found.root.type == "person" else []
        needs = await store.reaching.needs(db, homes=homes(found), unmet=True, after=None, limit=SHOWN_NEEDS)
    return Whole(found, rows, accounts, needs)
