"""People decide what identity rules left to them."""

from __future__ import annotations

from typing import Literal, NamedTuple
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands.merging import join
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import Assertion, resolve
from services.customer.domain.claims import Claim, Named
from services.customer.settings import CustomerService

Decision = Literal["merge", "not_same", "later"]
_STATES = {"merge": "merged", "not_same": "not_same", "later": "later"}


class Decided(NamedTuple):
    """What a decision came to: the customer that answers, and the merge if there was one."""

    state: str
    customer_id: UUID
    merge_id: UUID | None


@transactional
async def decide_review(
    service: CustomerService, tx: Transaction, *, review_id: UUID, decision: Decision, reason: str, by: str
) -> Decided:
    """`merge`: they are one, or the identity is the customer's; `not_same`: no event joins the two from now on; `later`: set aside.

    Any decision but a merge may be changed. Raises Unknown, Conflict.
    """
    review = await store.reviews.find(tx.db, review_id=review_id)
    if review is None:
        raise errors.unknown_review()
    if review.state == "merged":
        raise errors.already_decided()
    now, merge_id, customer = service.clock.now(), None, review.customer_id
    if decision == "merge":
        merge_id, customer = await _join(service, tx, review, reason)
    elif decision == "not_same" and review.other_id is not None and review.other_id != review.customer_id:
        await store.reviews.keep_apart(tx.db, one=review.customer_id, two=review.other_id, by=by, reason=reason, at=now)
    await store.reviews.decide(tx.db, review_id=review_id, state=_STATES[decision], by=by, reason=reason, at=now)
    return Decided(_STATES[decision], customer, merge_id)


async def _join(service: CustomerService, tx: Transaction, review: store.reviews.Row, reason: str) -> tuple[UUID | None, UUID]:
    """The identity becomes the customer's: together with its customer when it has one by now."""
    if review.other_id is not None:
        merged = await join(service, tx, one=review.customer_id, two=review.other_id, reason=reason)
        return merged.merge_id, merged.survivor_id
    known = await store.identities.find(tx.db, identities=[review.identity])
    if known and known[0].customer_id != review.customer_id:
        merged = await join(service, tx, one=review.customer_id, two=known[0].customer_id, reason=reason)
        return merged.merge_id, merged.survivor_id
    if not known:
        claim = Claim(
            None, (Named(review.identity, review.kind, review.key),), server=True, alias=False, at=review.noted_at, source="review",
            event_id=review.event_id, customer=review.customer_id,
        )
        await resolve(service, tx, [Assertion(claim, {})])
    return None, review.customer_id
