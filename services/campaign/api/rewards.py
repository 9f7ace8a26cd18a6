"""`/api/v1/programmes/{id}/rewards`, `/api/v1/programmes/rewards/{id}` and redemptions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Response

from chassis import web
from chassis.ids import new_text_id
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.api.programmes import READ, WRITE, Limit, Running, after
from services.campaign.schemas.programmes import CreateReward, EligibilityView, Redeem, RedemptionView, RewardView

router = APIRouter(prefix="/api/v1/programmes", tags=["programmes"])

IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200)]


@router.post("/{programme_id}/rewards", status_code=201, dependencies=[WRITE])
async def create_reward(service: Running, programme_id: UUID, body: CreateReward) -> RewardView:
    """Something to be had: for points in a points programme, else free for who is eligible."""
    return RewardView.model_validate((await commands.create_reward(service, programme_id=programme_id, **body.model_dump()))._asdict())


@router.get("/{programme_id}/rewards", dependencies=[READ])
async def list_rewards(service: Running, programme_id: UUID, page_token: str | None = None, limit: Limit = 100) -> Page[RewardView]:
    found = await queries.list_rewards(service, programme_id=programme_id, after=after(page_token), limit=limit + 1)
    views = [RewardView.model_validate(reward._asdict()) for reward in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.delete("/rewards/{reward_id}", status_code=204, dependencies=[WRITE])
async def end_reward(service: Running, reward_id: UUID) -> None:
    """Nobody can take it any more; what was taken stays."""
    await commands.end_reward(service, reward_id=reward_id)


@router.get("/rewards/{reward_id}/eligibility/{customer_id}", dependencies=[READ])
async def check(service: Running, reward_id: UUID, customer_id: UUID) -> EligibilityView:
    """Whether a customer may take it now, and why not."""
    _, refused = await commands.check_reward(service, reward_id=reward_id, customer_id=customer_id)
    return EligibilityView(
        reward_id=reward_id, customer_id=customer_id, allowed=refused is None, reason=refused.reason if refused else None,
        words=refused.words if refused else None,
    )


@router.post("/rewards/{reward_id}/redemptions", status_code=201, dependencies=[WRITE])
async def redeem(
    service: Running, reward_id: UUID, body: Redeem, response: Response, idempotency_key: IdempotencyKey = None
) -> RedemptionView:
    """Take a reward; 200 instead of 201 when this Idempotency-Key took it before."""
    done, new = await commands.redeem(
        service, reward_id=reward_id, customer_id=body.customer_id, key=f"key:{idempotency_key}" if idempotency_key else f"own:{new_text_id()}"
    )
    if not new:
        response.status_code = 200
    return RedemptionView.model_validate(done._asdict())


@router.get("/redemptions/{redemption_id}", dependencies=[READ])
async def get_redemption(service: Running, redemption_id: UUID) -> RedemptionView:
    return RedemptionView.model_validate((await queries.get_redemption(service, redemption_id=redemption_id))._asdict())


@router.post("/redemptions/{redemption_id}/cancel", dependencies=[WRITE])
async def cancel(service: Running, redemption_id: UUID) -> RedemptionView:
    """Give it back: points, stock and budget return."""
    return RedemptionView.model_validate((await commands.cancel_redemption(service, redemption_id=redemption_id))._asdict())
