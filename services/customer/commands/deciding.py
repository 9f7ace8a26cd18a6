"""People decide whether two customers are one."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands.merging import join
from services.customer.commands.repeating import transactional
from services.customer.settings import CustomerService

Decision = Literal["merge", "not_same", "later"]
_STATES: Final = {"merge": "merged", "not_same": "not_same", "later": "later"}


class PairDecided(NamedTuple):
    """What a decision came to; after a merge who answers, and the merge, which can be undone."""

    state: str
    customer_id: UUID | None
    merge_id: UUID | None


@transactional
async def decide_duplicate(
    service: CustomerService, tx: Transaction, *, low_id: UUID, high_id: UUID, decision: Decision, survivor_id: UUID | None, reason: str, by: str
) -> PairDecided:
    """`merge`: they are one person; `not_same`: neither a scan nor an event brings them together again; `later`: out of the list for now.

    Any decision but a merge may be changed. Raises Unknown, Conflict.
    """
    low_id, high_id = sorted((low_id, high_id))
    pair = await store.duplicates.find_pair(tx.db, low=low_id, high=high_id)
    if pair is None:
        raise errors.unknown_pair()
    if pair.state == "merged":
        raise errors.pair_merged(pair.merge_id)
    if survivor_id is not None and survivor_id not in {pair.low_id, pair.high_id, pair.low_root, pair.high_root}:
        raise errors.bad_survivor()
    customer = merge = None
    if decision == "merge":
        merge, customer = await join(service, tx, one=pair.low_id, two=pair.high_id, reason=reason, survivor=survivor_id)
    elif decision == "not_same":
        await store.reviews.keep_apart(tx.db, one=pair.low_id, two=pair.high_id, by=by, reason=reason, at=service.clock.now())
    await store.duplicates.decide(
        tx.db, low=low_id, high=high_id, state=_STATES[decision], at=service.clock.now(), by=by, reason=reason, merge_id=merge
    )
    return PairDecided(_STATES[decision], customer, merge)
