"""Visits and figures about them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel


class SessionView(BaseModel):
    """A visit: everything up to 30 minutes without an event. `entry` and `exit` are paths of pages or names of screens, `referrer` is a host.

    `reached`: how far it came in the order view, cart, checkout, order; `steps`: which of them happened at all.
    """

    started_at: datetime
    ended_at: datetime
    seconds: float
    source: str
    channel: str
    events: int
    pages: int
    entry: str | None
    exit: str | None
    referrer: str | None
    campaign: dict[str, str] | None
    reached: str | None
    steps: list[str]


class Place(BaseModel):
    name: str
    visits: int


class CampaignPlace(BaseModel):
    name: dict[str, str]
    visits: int


class StepView(BaseModel):
    """`visits` came to the step by way of the earlier ones, `dropped` came to the one before and not to this; `happened` counts it in any order."""

    step: str
    visits: int
    share: float
    dropped: int
    happened: int


class FiguresView(BaseModel):
    """Visits that began within the time. A bounce is a visit of one event; `first_visits` are the first ever of their visitors."""

    since: datetime
    until: datetime
    visits: int
    visitors: int
    first_visits: int
    returning_visits: int
    first_visitors: int
    bounces: int
    bounce_rate: float
    pages_per_visit: float
    events_per_visit: float
    seconds_per_visit: float
    steps: list[StepView]
    entries: list[Place]
    exits: list[Place]
    referrers: list[Place]
    campaigns: list[CampaignPlace]


class VisitorView(BaseModel):
    """Who is here: nobody ever seen (`first_time`), somebody who was here before, or a customer with orders."""

    status: Literal["first_time", "returning", "customer"]
    first_time: bool
    customer_id: UUID | None
    orders: int
    visits: int
    present: SessionView | None
    first_seen: datetime | None
    last_seen: datetime | None
