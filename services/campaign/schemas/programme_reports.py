"""HTTP shapes of what programmes bring about."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.campaign.schemas.experiments import EffectView
from services.campaign.schemas.given import Given, Name


class ProgrammeArm(BaseModel):
    """`buyers`: members with an order since they joined; amounts in minor units of `currency` (the one most used)."""

    arm: str
    members: int
    present: int
    buyers: int
    orders: int
    net_minor: int
    currency: str | None


class MeanView(BaseModel):
    answers: int
    mean: float | None


class IntervalView(BaseModel):
    """A difference with its 95 % interval."""

    difference: float
    low: float
    high: float


class SatisfactionView(BaseModel):
    """Answers 1 to 5 before and after joining; `change`: by how much more it rose among those treated than among those held out."""

    goal: float | None
    reached: bool | None
    before: dict[Literal["treated", "holdout"], MeanView]
    after: dict[Literal["treated", "holdout"], MeanView]
    change: IntervalView | None


class DealingsView(BaseModel):
    """Orders and different products per member, in the time since joining and in an equally long time before."""

    arm: str
    members: int
    orders_before: float
    orders_after: float
    products_before: float
    products_after: float


class ShareView(BaseModel):
    """Share of customer: what those who said what they spend spend here of it, in the time before joining and since."""

    arm: str
    members: int
    before: float
    after: float
    change: float


class SuggestionView(BaseModel):
    """`together`: buyers of this and of something the customer bought; `lift`: how much likelier they buy it than everybody."""

    product_id: str
    name: str | None
    together: int
    share: float
    lift: float
    reason: str


class ProgrammeReportView(BaseModel):
    """`buyers`, `sales_minor`: treated against held out, by person; null without a control group."""

    programme_id: UUID
    arms: list[ProgrammeArm]
    redemptions: int
    points_redeemed: int
    reward_cost_minor: int
    buyers: EffectView | None
    sales_minor: IntervalView | None
    satisfaction: SatisfactionView
    dealings: list[DealingsView]
    share_of_customer: list[ShareView]


class SpreadBudget(Given):
    """`weights`: how much a tier counts (a tier that is not named gets nothing); nobody gets more than `most_of_value` of their lifetime value."""

    budget_minor: Annotated[int, Field(ge=1, le=10**15)]
    weights: Annotated[dict[Name, Annotated[float, Field(ge=0, le=1000)]], Field(min_length=1, max_length=20)] = {"high": 2.0, "medium": 1.0}
    most_of_value: Annotated[float, Field(gt=0, le=1)] = 0.1
    customers: Annotated[int, Field(ge=0, le=10_000)] = 100


class TierShare(BaseModel):
    tier: str
    customers: int
    amount_minor: int


class CustomerShare(BaseModel):
    customer_id: UUID
    tier: str
    value_minor: int
    amount_minor: int


class BudgetView(BaseModel):
    """`allocated_minor` is never above the budget; below it where nobody may get more. `customers`: the largest shares."""

    budget_minor: int
    allocated_minor: int
    tiers: list[TierShare]
    customers: list[CustomerShare]
