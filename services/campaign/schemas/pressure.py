"""HTTP shapes of contact pressure."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.campaign.domain.pressure import Policy


class PolicyView(BaseModel):
    """The policy that holds since `since`; version 0 is the one of the first start: no caps, no quiet time."""

    version: int
    since: datetime | None
    policy: Policy


class RoomView(BaseModel):
    """One cap and how full it is for a person; `free_at`: when there is room again."""

    cap: str
    most: int
    used: int
    free_at: datetime | None


class PersonView(BaseModel):
    """How much of us a person had, whether it is quiet there, and when they respond best (local hour)."""

    customer_id: UUID
    time_zone: str
    rooms: list[RoomView]
    quiet_until: dict[str, datetime | None]
    best_hour: int | None
    responses: int


class AnnoyanceView(BaseModel):
    """Of one channel. Rates are per 1,000 messages; null without messages to divide by."""

    channel: str
    messages: int
    unsubscribes: int
    complaints: int
    settled: int
    ignored: int
    unsubscribes_per_1000: float | None
    complaints_per_1000: float | None
    ignored_per_1000: float | None


class AnnoyancesView(BaseModel):
    """`settled` messages are older than `settled_days`; of those, `ignored` are the ones nobody opened or clicked."""

    since: datetime
    until: datetime
    settled_days: int
    channels: list[AnnoyanceView]
    capped: int


class SetProgramme(BaseModel):
    """The programme that caps know this campaign or journey by; null: by its own id."""

    model_config = {"extra": "forbid"}

    programme: str | None
