"""Responses of customers to what we did."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel


class ResponseView(BaseModel):
    """What the customer did; `reference` is the message, contact or order."""

    how: Literal["ordered", "replied", "answered", "clicked", "opened"]
    at: datetime
    reference: str


class ActView(BaseModel):
    """A message or contact of ours. `state`: responded, waiting (the window is open) or no_response. `how` is the strongest response."""

    act_id: str
    kind: str
    channel: str
    at: datetime
    purpose: str | None
    campaign_id: str | None
    campaign: str | None
    message_id: str | None
    employee_id: str | None
    state: Literal["responded", "waiting", "no_response"]
    how: str | None
    responded_at: datetime | None
    responses: list[ResponseView]


class CampaignResponses(BaseModel):
    """Messages of a campaign that were handed over, and how many were answered in which way."""

    campaign_id: str
    campaign: str | None
    messages: int
    opened: int
    clicked: int
    replied: int
    ordered: int
    responded: int
    waiting: int
    no_response: int
