"""HTTP shapes of tests and effects."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.campaign.schemas.given import Given, Line, Name

Metric = Literal["open", "click", "reply", "order"]


class WriteArm(Given):
    """One content; `weight` relative to the other arms'."""

    name: Name
    template_id: UUID
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0


class CreateExperiment(Given):
    """A test of a draft campaign; the first arm is the control. `test_percent` of the audience is in it, the rest waits for the winner.

    `smallest_effect`: the change of the rate worth finding (0.02: two points). Decided as soon as one arm beats every other one with
    always-valid p < `alpha`; after `decide_hours` the arm with the highest rate wins (`significant` says which it was). Without `automatic` a
    person decides.
    """

    name: Line
    campaign_id: UUID
    metric: Metric = "click"
    arms: Annotated[list[WriteArm], Field(min_length=2, max_length=10)]
    test_percent: Annotated[float, Field(gt=0, le=100)] = 100.0
    alpha: Annotated[float, Field(ge=0.001, le=0.2)] = 0.05
    smallest_effect: Annotated[float, Field(ge=0.0001, le=0.5)] = 0.02
    automatic: bool = True
    decide_hours: Annotated[float, Field(gt=0, le=24 * 60)] = 24.0

    @model_validator(mode="after")
    def _arms_differ(self) -> CreateExperiment:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names) or {"rest", "holdout", "control_group"} & set(names):
            raise ValueError("arms need names of their own; rest, holdout and control_group are taken")
        return self


class ArmView(BaseModel):
    """`people`: messages taken over; `p_value`: the leader against this arm, valid however often one looks; null: too few yet."""

    name: str
    template_id: UUID
    template_version: int
    weight: float
    people: int
    responses: int
    rate: float | None
    low: float
    high: float
    p_value: float | None


class ExperimentView(BaseModel):
    id: UUID
    name: str
    campaign_id: UUID
    metric: Metric
    test_percent: float
    alpha: float
    smallest_effect: float
    automatic: bool
    status: Literal["running", "decided"]
    decide_by: datetime | None
    leader: str | None
    winner: str | None
    significant: bool | None
    decided_at: datetime | None
    arms: list[ArmView]
    people_needed_per_arm: int | None
    created_at: datetime


class Decide(Given):
    winner: Name


class SampleSizeView(BaseModel):
    """Two-sided; `alpha` is shared out among the comparisons of the arms."""

    per_arm: int
    in_all: int
    baseline: float
    effect: float
    alpha: float
    power: float
    arms: int


class GroupCounts(Given):
    people: Annotated[int, Field(ge=1, le=10**12)]
    responses: Annotated[int, Field(ge=0, le=10**12)]

    @model_validator(mode="after")
    def _not_more(self) -> GroupCounts:
        if self.responses > self.people:
            raise ValueError("more responses than people")
        return self


class ReckonEffect(Given):
    treated: GroupCounts
    control: GroupCounts


class EffectView(BaseModel):
    """What the treatment brought: the difference of the rates with its 95 % interval (Newcombe), and the responses that came only because of it."""

    treated_rate: float
    control_rate: float
    difference: float
    low: float
    high: float
    relative: float | None
    extra_responses: float
    beyond_chance: bool


class MoneyView(BaseModel):
    currency: str
    orders: int
    customers: int
    revenue_minor: int


class ChannelResponse(BaseModel):
    """Customers who responded through a channel; `cost_per_response_minor` null without responses, cost, or with several currencies."""

    channel: str
    accepted: int
    responders: dict[str, int]
    effective: int
    cost_minor: dict[str, int]
    cost_per_response_minor: float | None
    currency: str | None


class OutcomeView(BaseModel):
    """`effective`: customers with the response that counts, once each; orders are put down to the last message within seven days before.

    `incremental`: those who got it against the control groups, by orders within seven days of the planning; null without a control group.
    `cost_per_extra_response_minor`: null unless the effect is above chance.
    """

    response: Metric
    effective: int
    revenue: list[MoneyView]
    channels: list[ChannelResponse]
    arms: list[ArmView]
    incremental: EffectView | None
    cost_per_extra_response_minor: float | None
