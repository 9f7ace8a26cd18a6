"""Contact points, preferences and needs over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.customer.schemas.asked import Asked, Reason

Purpose = Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9_.-]{0,63})$")]
Channel = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", examples=["email", "sms", "letter", "call", "none"])]


class StateContactPoint(Asked):
    """What is known of one address; what is left out stays as it is."""

    kind: Literal["email", "phone"]
    value: Annotated[str, Field(min_length=3, max_length=320)]
    state: Literal["unverified", "verified", "bouncing", "refused"] | None = None
    preferred: bool | None = None
    reason: Reason | None = None


class StateContactPoints(Asked):
    contact_points: Annotated[list[StateContactPoint], Field(min_length=1, max_length=50)]


class ContactPointView(BaseModel):
    """`used`: messages go there. Nothing is sent to an address that is `bouncing` or `refused`."""

    kind: str
    value: str
    state: str
    state_at: datetime | None
    reason: str | None
    source: str
    preferred: bool
    used: bool


class ContactPointsView(BaseModel):
    data: list[ContactPointView]


class ChoosePreferences(Asked):
    """What is named is set, null takes back, what is left out stays. `channels` are all channels by purpose; `*` is for any other purpose."""

    language: Annotated[str, Field(max_length=60)] | None = None
    time_zone: Annotated[str, Field(max_length=60)] | None = None
    channels: Annotated[dict[Purpose, Channel], Field(max_length=50)] | None = None


class PreferencesView(BaseModel):
    customer_id: UUID
    language: str | None
    time_zone: str | None
    channels: dict[str, str]


class TellNeed(Asked):
    """What the customer said to need, in words for whoever serves them next."""

    text: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*\S[^\x00]*$")]
    told_at: AwareDatetime | None = None


class NeedView(BaseModel):
    id: UUID
    text: str
    told_at: datetime
    source: str
    met_at: datetime | None
    met_by: str | None
