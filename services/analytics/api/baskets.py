"""Purchase patterns and new business over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.identity import Caller
from services.analytics.api.segments import read_uuid_token
from services.analytics.queries import baskets
from services.analytics.schemas.baskets import OpportunitiesView, PatternsView, WithoutView
from services.analytics.settings import AnalyticsService

router = APIRouter(tags=["patterns"])

Running = Annotated[AnalyticsService, Depends(web.service)]
Reading = Annotated[Caller, web.allow("analytics:read")]
Least = Annotated[int, Query(ge=1, le=1_000_000, description="Pairs that fewer orders or customers have are left out.")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Word = Annotated[str, Query(min_length=1, max_length=200)]


class Goods:
    """Goods by product or category, a window, and of whom."""

    def __init__(
        self, by: Literal["product", "category"] = "product", first: Annotated[str | None, Query(alias="from", max_length=10)] = None,
        to: Annotated[str | None, Query(max_length=10)] = None, market: Literal["b2b", "b2c"] | None = None, segment: UUID | None = None,
        purpose: Annotated[str | None, Query(max_length=100)] = None,
    ) -> None:
        self.by, self.first, self.to, self.market, self.segment, self.purpose = by, first, to, market, str(segment) if segment else None, purpose

    async def read(self, service: AnalyticsService) -> baskets.Asked:
        return await baskets.read(
            service, by=self.by, first=self.first, last=self.to, market=self.market, segment_id=self.segment, purpose=self.purpose
        )


Asked = Annotated[Goods, Depends()]


@router.get("/api/v1/patterns")
async def get_patterns(
    service: Running, caller: Reading, goods: Asked, kind: Literal["together", "sequence"] = "together", least_support: Least = 3,
    within_days: Annotated[int | None, Query(ge=1, le=3660, description="Of sequences: at most so long after the first.")] = None, limit: Limit = 100,
) -> PatternsView:
    """Goods bought together or one after the other, with support, confidence and lift."""
    found = await baskets.get_patterns(
        service, asked=await goods.read(service), kind=kind, least=least_support, within_days=within_days, limit=limit
    )
    return PatternsView(**found)


@router.get("/api/v1/patterns/opportunities")
async def get_opportunities(service: Running, caller: Reading, goods: Asked, least_support: Least = 20, limit: Limit = 20) -> OpportunitiesView:
    """New business that lies in the patterns: how many customers, what it is worth, and why; the most valuable first."""
    return OpportunitiesView(**await baskets.get_opportunities(service, asked=await goods.read(service), least=least_support, limit=limit))


@router.get("/api/v1/patterns/opportunities/customers")
async def list_customers(
    service: Running, caller: Reading, goods: Asked, has: Word, wants: Word, limit: Limit = 100, page_token: Annotated[str | None, Query(max_length=500)] = None
) -> web.Page[WithoutView]:
    """The customers behind an opportunity: who has the one and not the other."""
    after = read_uuid_token(page_token)
    found = await baskets.page_customers(service, asked=await goods.read(service), has=has, wants=wants, after=str(after) if after else "", limit=limit)
    following = web.page_token(found[-1]["customer_id"]) if len(found) == limit else None
    return web.Page(data=[WithoutView(**one) for one in found], next_page_token=following)
