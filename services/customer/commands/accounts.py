"""Accounts: what kind they are, who belongs to them, and telling their members' profiles again when an account changed."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands.renewing import family_of, renew, require
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import load
from services.customer.domain import accounts, traits
from services.customer.domain.accounts import Membership
from services.customer.settings import CustomerService

#: Members whose profiles are told in one transaction; it holds the locks of their rows.
AT_ONCE: Final = 200


@transactional
async def change_account_type(
    service: CustomerService, tx: Transaction, *, account_id: UUID, type: str, versions: frozenset[int] | None = None
) -> None:
    """An organisation turns out to be a household, or the other way; with `versions` only if it has one of these. Raises Unknown, Outdated."""
    family = await family_of(service, tx, account_id, versions=versions)
    if family.root.type == "person":
        raise errors.unknown_account()
    if family.root.type != type:
        family.root.type = type
        family.root.dirty = family.root.republish = True
        await renew(service, tx, family.records)


@transactional
async def put_member(
    service: CustomerService, tx: Transaction, *, account_id: UUID, customer_id: UUID, role: str, since: datetime | None, primary: bool | None,
    source: str, versions: frozenset[int] | None = None,
) -> UUID:
    """A person belongs to an account from now or `since` on; who does already gets the role. Returns who answers for the person.

    `primary`: this account is the first of the person's accounts. With `versions` only if the person has one of these.
    Raises Unknown, Invalid, Outdated.
    """
    account, person = await _both(tx, account_id, customer_id)
    records = await load(service, tx.db, {account, person})
    require(records[person], versions)
    now = service.clock.now()
    word = Membership(account, person, role, since or now, None, now, traits.SERVER, source, now if primary else None)
    present = (await store.accounts.of_pairs(tx.db, pairs=[(account, person)])).get((account, person))
    after = accounts.joined(present, word)
    if since is not None:
        after = after._replace(since=since)
    if primary is False:
        after = after._replace(primary_at=None)
    if after != present:
        await store.accounts.put(tx.db, rows=[after])
        records[person].extend()
        await renew(service, tx, records)
    return person


@transactional
async def end_membership(
    service: CustomerService, tx: Transaction, *, account_id: UUID, customer_id: UUID, source: str, versions: frozenset[int] | None = None
) -> None:
    """The person belongs to the account no longer; with `versions` only if the person has one of these. Raises Unknown, Outdated."""
    account, person = await _both(tx, account_id, customer_id)
    records = await load(service, tx.db, {account, person})
    require(records[person], versions)
    rows = await store.accounts.between(
        tx.db, accounts=[record.id for record in records.values() if record.root_id == account],
        people=[record.id for record in records.values() if record.root_id == person],
    )
    lasting = [row for row in rows if row.until is None]
    if not lasting:
        raise errors.unknown_membership()
    now = service.clock.now()
    await store.accounts.put(tx.db, rows=[accounts.ended(row, at=now, rank=traits.SERVER, source=source) for row in lasting])
    records[person].extend()
    await renew(service, tx, records)


async def _both(tx: Transaction, account_id: UUID, customer_id: UUID) -> tuple[UUID, UUID]:
    """Who answers for the account and for the person."""
    await store.identities.hold_still(tx.db)
    found = {row.id: row for row in await store.customers.find(tx.db, ids=[account_id, customer_id])}
    if account_id not in found or found[account_id].type == "person":
        raise errors.unknown_account()
    if customer_id not in found:
        raise errors.unknown_customer()
    if found[customer_id].type != "person":
        raise errors.not_a_person()
    return found[account_id].root_id, found[customer_id].root_id


@transactional
async def tell_members(service: CustomerService, tx: Transaction) -> bool:
    """Tell the profiles of some members of an account that changed again, with the account as it is now. True: there may be more."""
    await store.identities.hold_still(tx.db)
    change = await store.accounts.next_change(tx.db)
    if change is None:
        return False
    asked = await store.customers.find(tx.db, ids=[change.account_id])
    family = await store.customers.families(tx.db, roots=[row.root_id for row in asked])
    members = await store.accounts.members(
        tx.db, accounts=[row.id for row in family], lasting=True, after=change.told_to, limit=AT_ONCE
    )
    if members:
        records = await load(service, tx.db, set(members))
        for member in members:
            records[member].dirty = records[member].republish = True
        await renew(service, tx, records)
    await store.accounts.advance(tx.db, change=change, told_to=members[-1] if len(members) == AT_ONCE else None)
    return True
