"""On-site decisions: recognise the visit, choose, remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from chassis.errors import Invalid
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.identity import BadIdentity, identity_key, parse_identity
from services.campaign import errors
from services.campaign.domain import deciding as rules
from services.campaign.domain.deciding import Basket, Choice, SiteMessage, Visitor
from services.campaign.settings import CampaignService
from services.campaign.store import deciding, rewards, shelf


class Decided(NamedTuple):
    """An answer for one place on the site."""

    decision_id: UUID
    visitor: Visitor
    choice: Choice
    basket: Basket


async def decide(
    service: CampaignService, *, placement: str, user_id: str | None, anonymous_id: str | None, identities: Sequence[str], basket: Basket
) -> Decided:
    """Which message this visitor gets now. Nobody has to be known; without any identity the visit counts as a first one. Raises Invalid."""
    hashes = [service.hash_identity(key) for key in _keys(user_id, anonymous_id, identities)]
    at, decision_id = service.clock.now(), new_id()
    visitor_hash = hashes[0] if hashes else decision_id.bytes
    async with service.transaction() as tx:
        known = await deciding.recognise(tx.db, hashes) if hashes else None
        customer_id = known["customer_id"] if known else None
        messages = await deciding.candidates(tx.db, placement, customer_id=customer_id)
        before, shown = await deciding.seen(
            tx.db, visitor=visitor_hash, customer_id=customer_id, at=at, days={message.id: message.cap_days for message in messages}
        )
        wanted = [message.reward_id for message in messages if message.reward_id is not None]
        offers = await deciding.offers(tx.db, wanted, at=at) if wanted else {}
        visitor = _visitor(known, visitor_hash, before=before)
        choice = rules.choose(messages, visitor, basket, offers=offers, shown=shown, at=at)
        await deciding.remember(
            tx.db, decision_id=decision_id, visitor=visitor_hash, customer_id=customer_id, placement=placement,
            message_id=choice.chosen.id if choice.chosen else None, arm="holdout" if choice.held_out else None, at=at,
        )
        if choice.chosen is not None and choice.chosen.key is not None and choice.chosen.customer_id is not None:
            await shelf.note_shown(tx.db, keys=[choice.chosen.key], customer_ids=[choice.chosen.customer_id])
    return Decided(decision_id, visitor, choice, basket)


def _keys(user_id: str | None, anonymous_id: str | None, identities: Sequence[str]) -> list[str]:
    try:
        given = [identity_key("user", user_id)] if user_id else []
        given += [identity_key("anon", anonymous_id)] if anonymous_id else []
        given += [parse_identity(text) for text in identities]
    except BadIdentity as bad:
        raise Invalid("decision.bad_identity", f"An identity cannot be read: {bad}.") from None
    return [str(key) for key in given]


def _visitor(known: Mapping[str, Any] | None, visitor: bytes, *, before: bool) -> Visitor:
    if known is None:
        return Visitor("returning" if before else "first_time", UUID(bytes=visitor[:16]))
    kind = "customer" if known["orders"] else "known" if known["known"] else "returning"
    tiers = frozenset(known["tiers"] or ()) | frozenset([known["scores"]["tier"]] if "tier" in known["scores"] else [])
    return Visitor(
        kind, known["customer_id"], known["customer_id"], known["name"], known["language"], known["orders"], known["scores"], tiers, known["said"]
    )


async def note_decision_click(service: CampaignService, *, decision_id: UUID) -> None:
    """The visitor followed the message. Raises Unknown."""
    async with service.transaction() as tx:
        if not await deciding.click(tx.db, decision_id, at=service.clock.now()):
            raise errors.unknown_decision()


async def create_site_message(service: CampaignService, **given: Any) -> SiteMessage:
    """A message for a place on the site; it counts at once. Raises Unknown (reward)."""
    async with service.transaction() as tx:
        return await add_site_message(service, tx, **given)


async def add_site_message(service: CampaignService, tx: Transaction, *, playbook: str | None = None, **given: Any) -> SiteMessage:
    """The same within a caller's transaction."""
    if given.get("reward_id") is not None and await rewards.find(tx.db, given["reward_id"]) is None:
        raise errors.unknown_reward()
    message = SiteMessage(id=new_id(), active=True, playbook=playbook, created_at=service.clock.now(), **given)
    await deciding.insert(tx.db, message)
    return message


async def end_site_message(service: CampaignService, *, message_id: UUID) -> None:
    """It is shown no more. Raises Unknown."""
    async with service.transaction() as tx:
        if await deciding.find(tx.db, message_id) is None:
            raise errors.unknown_site_message()
        await deciding.end(tx.db, message_id)


async def replicate_said(tx: Transaction, *, said: Mapping[UUID, dict[str, dict[str, str]] | None]) -> None:
    """What people said about purposes; None: nothing any more."""
    rows = [(customer_id, purposes) for customer_id, purposes in said.items() if purposes is not None]
    await deciding.put_said(tx.db, rows, gone=[customer_id for customer_id, purposes in said.items() if purposes is None])
