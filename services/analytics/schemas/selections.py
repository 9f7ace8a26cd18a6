"""Requests and answers about selections, next acts and rules with thresholds."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.analytics.schemas.given import Strict, Word
from services.analytics.schemas.models import ModelName

Minor = Field(ge=0, le=10**15)


class Offer(Strict):
    """`answer_value_minor`: profit of one answer; without it the customer's expected order value times the margin. `effect` scales the lift."""

    name: Word
    cost_minor: int = Minor
    answer_value_minor: int | None = Field(None, ge=0, le=10**15)
    effect: float = Field(1.0, gt=0, le=10)


class NextAct(Strict):
    """What could be done with a customer."""

    offers: list[Offer] = Field(min_length=1, max_length=20)
    basis: Literal["uplift", "propensity"] = "uplift"
    name: ModelName = "default"


class MakeSelection(NextAct):
    """Whom to contact with which offer, of a segment or of everybody."""

    budget_minor: int = Minor
    capacity: int | None = Field(None, ge=0, le=10**9)
    segment_id: UUID | None = None


class SelectionView(BaseModel):
    """`not_worth_it`: candidates of whom no offer is worth more than it costs."""

    selection_id: UUID
    asked: dict[str, Any]
    chosen: int
    candidates: int
    without_model: int
    not_worth_it: int
    spent_minor: int
    left_minor: int
    expected_value_minor: int
    basis: str
    made_at: datetime


class SelectedView(BaseModel):
    """`value_minor`: expected incremental profit after cost."""

    position: int
    customer_id: UUID
    value_minor: int
    reasons: dict[str, Any]


class ActView(BaseModel):
    act: str
    net_minor: int
    value_minor: int
    cost_minor: int


class NextActView(BaseModel):
    """The best act and the others with what they are worth."""

    customer_id: UUID
    act: str
    reason: str
    acts: list[ActView]
    product: str | None
    product_reasons: list[str]
    as_of: datetime


class RfmRules(Strict):
    """Four cut points each, or none for fifths."""

    recency_days: list[float] = Field(default_factory=list, max_length=4)
    frequency: list[float] = Field(default_factory=list, max_length=4)
    monetary_minor: list[float] = Field(default_factory=list, max_length=4)


class StageRules(Strict):
    least_orders: int = Field(2, ge=1, le=1000)
    profit_quantile: float = Field(0.5, ge=0, le=1)


class TierRules(Strict):
    high_share: float = Field(0.20, gt=0, lt=1)
    touch_cost_minor: int = Minor


class RulesView(BaseModel):
    """Version 0: nobody has set them."""

    kind: str
    version: int
    rules: dict[str, Any]
    meaning: str
    set_at: datetime | None
    set_by: str


class BaseValueView(BaseModel):
    """The value of the customer base; null with a reason without a model."""

    value_minor: int | None
    reason: str | None
    index: float | None = None
    model_version: int | None = None
    fitted_at: datetime | None = None
    months: int | None = None
    discount: float | None = None
    margin: float | None = None
    what_if: dict[str, Any] | None = None
    as_of: datetime
