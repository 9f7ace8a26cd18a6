"""Accounts, who belongs to them, and to which accounts a person belongs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.customer import errors, store
from services.customer.domain import accounts as rules
from services.customer.domain.accounts import Belonging
from services.customer.queries.customers import Found, known, list_customers
from services.customer.settings import CustomerService


class Member(NamedTuple):
    """A person of an account."""

    person: Found
    belonging: Belonging


class OwnAccount(NamedTuple):
    """An account of a person."""

    account: Found
    belonging: Belonging


async def get_account(service: CustomerService, *, account_id: UUID) -> Found:
    """The organisation or household that answers for the id. Raises Unknown."""
    found = await list_customers(service, ids=[account_id])
    if not found or found[0].root.type == "person":
        raise errors.unknown_account()
    return found[0]


async def page_customers_of(
    service: CustomerService, *, types: Sequence[str] | None, owner: str | None, after: UUID | None, limit: int
) -> tuple[list[Found], UUID | None]:
    """Customers of some types, or of the employee responsible, in the order of registration; and the id to go on after."""
    async with service.read() as db:
        ids = await store.customers.page_of(db, types=types, owner=owner, after=after, limit=limit + 1)
    return await list_customers(service, ids=ids[:limit]), ids[limit - 1] if len(ids) > limit else None


async def list_members(
    service: CustomerService, *, account_id: UUID, lasting: bool, after: UUID | None, limit: int
) -> tuple[list[Member], UUID | None]:
    """The people of an account, each once, and the id to go on after. `lasting`: only those who still belong to it. Raises Unknown."""
    account = await get_account(service, account_id=account_id)
    family = [account.root.id, *(member.id for member in account.members)]
    async with service.read() as db:
        people = await store.accounts.members(db, accounts=family, lasting=lasting, after=after, limit=limit + 1)
    found = await list_customers(service, ids=people[:limit])
    root_of = {row.id: each.root.id for each in found for row in (each.root, *each.members)}
    async with service.read() as db:
        rows = await store.accounts.between(db, accounts=family, people=root_of)
    roots = {**root_of, **dict.fromkeys(family, account.root.id)}
    belonging = {one.customer_id: one for one in rules.belongings(rows, roots=roots)}
    members = [Member(each, belonging[each.root.id]) for each in found if each.root.id in belonging]
    return members, people[limit - 1] if len(people) > limit else None


async def list_accounts_of(service: CustomerService, *, customer_id: UUID) -> list[OwnAccount]:
    """The accounts of a person, the first one first, those that were left last. Raises Unknown."""
    async with service.read() as db:
        found = await known(service, db, ids=[customer_id])
        if not found:
            raise errors.unknown_customer()
        return await accounts_of(service, db, person=found[0])


async def accounts_of(service: CustomerService, db: Connection, *, person: Found) -> list[OwnAccount]:
    """The same of a person that was read already."""
    family = [person.root.id, *(member.id for member in person.members)]
    rows = await store.accounts.of_people(db, people=family)
    found = await known(service, db, ids=list({row.account_id: None for row in rows}))
    accounts = {row.id: each for each in found for row in (each.root, *each.members)}
    roots = {**{id: each.root.id for id, each in accounts.items()}, **dict.fromkeys(family, person.root.id)}
    return [OwnAccount(accounts[one.account_id], one) for one in rules.belongings(rows, roots=roots) if one.account_id in accounts]
