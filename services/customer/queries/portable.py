"""One customer as a file for another installation."""

from __future__ import annotations

from uuid import UUID

import msgspec

from chassis.database import Connection
from services.customer import errors, store
from services.customer.domain import portable, traits
from services.customer.domain.portable import Archive, Known, Member, Part
from services.customer.settings import CustomerService


async def export_portable(service: CustomerService, *, customer_id: UUID, sees_sensitive: bool) -> Archive:
    """Everything this service keeps of a customer. Raises Unknown, Forbidden when it has traits that the caller may not see."""
    async with service.read() as db, db.transaction(isolation="repeatable_read", readonly=True):
        rows = await store.customers.find(db, ids=[customer_id])
        if not rows:
            raise errors.unknown_customer()
        definitions = await store.definitions.current(db, service.resources.definitions)
        part = await _part(db, rows[0].root_id)
        told = {value.name for value in part.history}
        hidden = {name for member in part.customers for name in traits.hidden_in(member.traits)}
        if not sees_sensitive and told & (definitions.sensitive | hidden):
            raise errors.portable_hidden()
    raw = msgspec.Raw(msgspec.json.encode(part, order="sorted"))
    return Archive(
        portable.FORMAT, portable.VERSION, service.clock.now(), {portable.PART: raw}, {portable.PART: portable.state_hash(part)}
    )


async def _part(db: Connection, root: UUID, *, alone: bool = False) -> Part:
    """`alone`: an account, without the accounts of accounts."""
    family = await store.customers.families(db, roots=[root])
    ids = [row.id for row in family]
    identities = await store.identities.of_customers(db, customers=ids)
    keys = {row.identity: row.key for row in identities}
    part = Part(
        sorted((
            Member(
                row.id, row.merged_into, row.registered_at, row.updated_at, row.recorded_at, row.source, row.type, row.version,
                traits.read(row.traits), row.extended,
            )
            for row in family
        ), key=lambda member: member.id),
        sorted((Known(row.key, row.home_id, row.linked_at, row.recorded_at, row.source) for row in identities), key=lambda each: each.key),
        await store.portable.history(db, customers=ids, keys=keys),
        await store.portable.merges_within(db, customers=ids, keys=keys),
        await store.portable.rows(db, customers=ids), await store.portable.past(db, customers=ids),
    )
    if not alone:
        await _name_accounts(db, part)
    return part


async def _name_accounts(db: Connection, part: Part) -> None:
    """Accounts come along, named by their first identity: in the other installation they may have another id."""
    rows = part.rows["membership"]
    documents = [state.document for state in part.past if state.subject == "membership" and state.document is not None]
    names: dict[str, str] = {}
    for account in {row["account_id"] for row in (*rows, *documents)}:
        found = await store.customers.find(db, ids=[UUID(account)])
        if not found:
            continue
        own = await _part(db, found[0].root_id, alone=True)
        names[account] = min((each.key for each in own.identities), default=account)
        part.accounts[names[account]] = own
    for row in (*rows, *documents):
        row["account_id"] = names.get(row["account_id"], row["account_id"])
    for state in part.past:
        if state.subject == "membership":
            state.key = names.get(state.key.strip(), state.key.strip())
