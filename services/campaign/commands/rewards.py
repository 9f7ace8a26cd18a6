"""Rewards: offered, redeemed once per key, given back; their cost goes to the ledger of costs."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import telemetry
from chassis.database import Connection
from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from contracts.campaign import RewardRedeemed
from services.campaign import errors
from services.campaign.commands import points
from services.campaign.domain import eligibility
from services.campaign.domain.arms import HOLDOUT
from services.campaign.domain.eligibility import Refused
from services.campaign.domain.programmes import Programme
from services.campaign.settings import CampaignService
from services.campaign.store import programmes, recipients, rewards
from services.campaign.store.rewards import Redemption, Reward
from services.campaign.store.standing import standing

_log = telemetry.logger(__name__)


async def create_reward(service: CampaignService, *, programme_id: UUID, **given: Any) -> Reward:
    """Something to be had in a programme. Raises Unknown; Conflict when it costs points and the programme has none."""
    async with service.transaction() as tx:
        return await add_reward(service, tx, programme_id=programme_id, **given)


async def add_reward(service: CampaignService, tx: Transaction, *, programme_id: UUID, **given: Any) -> Reward:
    """The same within a caller's transaction."""
    programme = await programmes.find(tx.db, programme_id)
    if programme is None:
        raise errors.unknown_programme()
    if given["points"] and programme.kind != "loyalty":
        raise errors.not_a_points_programme()
    reward = Reward(id=new_id(), programme_id=programme_id, redeemed=0, spent_minor=0, active=True, created_at=service.clock.now(), **given)
    await rewards.insert(tx.db, reward)
    return reward


async def end_reward(service: CampaignService, *, reward_id: UUID) -> None:
    """Nobody can take it any more; what was taken stays. Raises Unknown."""
    async with service.transaction() as tx:
        if await rewards.find(tx.db, reward_id) is None:
            raise errors.unknown_reward()
        await rewards.set_active(tx.db, reward_id, False)


async def redeem(service: CampaignService, *, reward_id: UUID, customer_id: UUID, key: str) -> tuple[Redemption, bool]:
    """Take a reward and pay its points; the same key takes it once. Returns (redemption, whether it is new).

    Stock, budget, points and the number per customer hold under any concurrency. Raises Unknown, Conflict (reward.…, points.not_enough).
    """
    async with service.transaction() as tx:
        reward = await rewards.lock(tx.db, reward_id)
        if reward is None:
            raise errors.unknown_reward()
        known = await rewards.find_by_key(tx.db, reward_id=reward_id, key=key)
        person = await recipients.same_person(tx.db, customer_id)
        if known is not None:
            if known.customer_id not in person:
                raise errors.reference_reused()
            return known, False
        programme = await programmes.find(tx.db, reward.programme_id)
        assert programme is not None, "a reward's programme is never deleted"
        at = service.clock.now()
        refused = await _refuse(tx.db, programme, reward, person, at)
        if refused is not None:
            raise errors.reward_refused(refused.reason, refused.words)
        redemption = Redemption(new_id(), reward_id, customer_id, key, reward.points, reward.cost_minor, reward.currency, "issued", at, None)
        if reward.points:
            await points.spend(tx, programme=programme, customer_id=customer_id, amount=reward.points, reference=str(redemption.id), at=at, note=reward.name)
        await rewards.take(tx.db, redemption)
        _tell(tx, programme, redemption, cancelled=False, at=at)
        return redemption, True


async def _refuse(db: Connection, programme: Programme, reward: Reward, person: list[UUID], at: datetime) -> Refused | None:
    if programme.status != "running":
        return Refused("inactive", "The programme does not run.")
    member = await programmes.find_member(db, programme_id=programme.id, customer_ids=person)
    if member is not None and member.arm == HOLDOUT:
        return Refused("held_out", "This customer is left out, so that the programme's effect can be seen.")
    held, stage = await standing(db, person)
    return eligibility.refuse(
        active=reward.active, starts_at=reward.starts_at, ends_at=reward.ends_at, cost=reward.cost_minor, tiers=reward.tiers, stages=reward.stages,
        stock_left=None if reward.stock is None else reward.stock - reward.redeemed,
        budget_left=None if reward.budget_minor is None else reward.budget_minor - reward.spent_minor, held_tiers=held, stage=stage,
        taken=await rewards.count_taken(db, reward_id=reward.id, customer_ids=person), per_customer=reward.per_customer, at=at,
    )


async def check_reward(service: CampaignService, *, reward_id: UUID, customer_id: UUID) -> tuple[Reward, Refused | None]:
    """Whether somebody could take a reward now, without taking it. Raises Unknown."""
    async with service.read() as db:
        return await check_in(db, reward_id=reward_id, person=await recipients.same_person(db, customer_id), at=service.clock.now())


async def check_in(db: Connection, *, reward_id: UUID, person: list[UUID], at: datetime) -> tuple[Reward, Refused | None]:
    """The same within a caller's transaction, for one person. Raises Unknown."""
    reward = await rewards.find(db, reward_id)
    if reward is None:
        raise errors.unknown_reward()
    programme = await programmes.find(db, reward.programme_id)
    assert programme is not None, "a reward's programme is never deleted"
    return reward, await _refuse(db, programme, reward, person, at)


async def cancel_redemption(service: CampaignService, *, redemption_id: UUID) -> Redemption:
    """Give a reward back: points, stock and budget return. Again: nothing more happens. Raises Unknown."""
    async with service.read() as db:
        seen = await rewards.find_redemption(db, redemption_id)
    if seen is None:
        raise errors.unknown_redemption()
    async with service.transaction() as tx:
        reward = await rewards.lock(tx.db, seen.reward_id)  # the same order of locks as in `redeem`
        redemption = await rewards.find_redemption(tx.db, redemption_id, lock=True)
        assert reward is not None
        assert redemption is not None
        if redemption.state == "cancelled":
            return redemption
        programme = await programmes.find(tx.db, reward.programme_id)
        assert programme is not None
        at = service.clock.now()
        if redemption.points:
            await points.restore(tx, programme=programme, customer_id=redemption.customer_id, reference=str(redemption.id), at=at)
        await rewards.cancel(tx.db, redemption, at=at)
        _tell(tx, programme, redemption, cancelled=True, at=at)
        return redemption._replace(state="cancelled", cancelled_at=at)


def _tell(tx: Transaction, programme: Programme, redemption: Redemption, *, cancelled: bool, at: datetime) -> None:
    tx.tell(
        RewardRedeemed(
            redemption_id=str(redemption.id), reward_id=str(redemption.reward_id), programme_id=str(programme.id),
            customer_id=str(redemption.customer_id), points=redemption.points, cost_minor=redemption.cost_minor, currency=redemption.currency,
            cancelled=cancelled, redeemed_at=at,
        )
    )


async def book_reward_costs(service: CampaignService) -> bool:
    """Book what rewards cost with the ledger of costs, each once: the redemption's id is the entry's reference. True: there may be more."""
    async with service.read() as db:
        waiting = await rewards.unbooked(db, limit=50)
    for redemption in waiting:
        body = {
            "kind": "retain", "channel": "reward", "amount_minor": redemption.cost_minor, "currency": redemption.currency,
            "booked_on": redemption.at.date().isoformat(), "note": "reward", "reference": f"redemption:{redemption.id}",
        }
        await _book(service, body)
        if redemption.state == "cancelled" and redemption.cancelled_at is not None:
            back = {
                **body, "amount_minor": -redemption.cost_minor, "booked_on": redemption.cancelled_at.date().isoformat(),
                "reference": f"redemption:{redemption.id}:cancelled",
            }
            await _book(service, back)
        async with service.transaction() as tx:
            await rewards.booked(tx.db, redemption, at=service.clock.now())
    return len(waiting) == 50


async def _book(service: CampaignService, body: dict[str, Any]) -> None:
    answer = await service.peers["analytics"].call("POST", "/api/v1/costs", json=body, scopes=["analytics:write"])
    if answer.status >= 300:
        raise Unavailable("campaign.costs_unavailable", "Costs cannot be booked at the moment.", detail=str(answer.status))
