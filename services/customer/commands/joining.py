"""People who are told to belong to accounts, inside the transaction that resolves who they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.customer import store
from services.customer.commands.records import CustomerRecord
from services.customer.domain import accounts
from services.customer.domain.accounts import Membership
from services.customer.domain.graph import Named, Owned


class Joining(NamedTuple):
    """One teller's word that a person belongs to an account; an empty role says nothing of the role."""

    account: Named
    role: str
    at: datetime
    rank: int
    source: str


async def join(
    db: Connection, *, said: Sequence[tuple[UUID, Joining]], identities: Mapping[bytes, Owned], records: Mapping[UUID, CustomerRecord]
) -> None:
    """Write memberships, two statements for all of them. `said`: the customer under whom it was told, and what.

    What is new is told with the profile; the records of the people and the accounts are locked by the caller.
    """
    words = []
    for home, joining in said:
        account = identities.get(joining.account.hash)
        if account is not None and account.home != home:
            words.append(Membership(account.home, home, joining.role, joining.at, None, joining.at, joining.rank, joining.source))
    if not words:
        return
    present = await store.accounts.of_pairs(db, pairs={(word.account_id, word.customer_id) for word in words})
    after = dict(present)
    for word in words:
        pair = (word.account_id, word.customer_id)
        after[pair] = accounts.joined(after.get(pair), word)
    changed = [row for pair, row in after.items() if row != present.get(pair)]
    if changed:
        await store.accounts.put(db, rows=changed)
    for row in changed:
        before = present.get((row.account_id, row.customer_id))
        if before is None or (before.role, before.until) != (row.role, row.until):
            records[row.customer_id].extend()
