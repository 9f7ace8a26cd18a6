"""HTTP shapes of audiences, selections, lists and estimates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.campaign.schemas.given import Given, Line

SegmentId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
Score = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]


class GivenAudience(Given):
    """Beside the campaign's segment: more people, people to leave out, a sample, and a control group that gets nothing."""

    include_segments: Annotated[list[SegmentId], Field(max_length=20)] = []
    include_lists: Annotated[list[UUID], Field(max_length=20)] = []
    exclude_segments: Annotated[list[SegmentId], Field(max_length=20)] = []
    exclude_lists: Annotated[list[UUID], Field(max_length=20)] = []
    sample_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    holdout_percent: Annotated[float, Field(gt=0, le=90)] | None = None


class GivenSelection(Given):
    """Who goes first, and how many. By anything but profit a named person (`override_by`) answers for it with a reason."""

    by: Literal["profit", "class", "none"] = "profit"
    score: Score | None = None
    at_most: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    override_by: Line | None = None
    override_reason: Annotated[str, StringConstraints(min_length=3, max_length=500)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> GivenSelection:
        if self.by == "class" and self.score is None:
            raise ValueError("selection by class needs the name of the score that holds the class")
        if (self.override_by is None) != (self.override_reason is None):
            raise ValueError("an override has a person (override_by) and a reason (override_reason)")
        return self


class WriteList(Given):
    name: Line
    customer_ids: Annotated[list[UUID], Field(max_length=10_000)] = []


class ChangeList(Given):
    """People to put on the list and to take off."""

    add: Annotated[list[UUID], Field(max_length=10_000)] = []
    remove: Annotated[list[UUID], Field(max_length=10_000)] = []


class ListView(BaseModel):
    id: UUID
    name: str
    members: int
    created_by: str
    created_at: datetime


class EstimateView(BaseModel):
    """`reachable`: would be planned; whether each may be written to is asked of the consent service right before the hand-off.

    `left_out`: how many would not, by reason; `exact`: false where only the first 20,000 people of a source were looked at and counts scaled.
    """

    campaign_id: UUID
    audience: int
    looked_at: int
    exact: bool
    reachable: int
    profit_known: int
    left_out: dict[str, int]
