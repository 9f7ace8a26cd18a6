"""The counters that must add up."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class IntakeMinute(BaseModel):
    """What became of the events of a source received within a minute.

    `told` is what collectors say they accepted (null: they said nothing), `accepted` = stored + duplicate + conflict + dropped + violated + erased what became of it.
    `state`: balanced, missing (still on the way, or lost), or uncounted (more came than was told of: posted or released, or a collector died
    before it told).
    """

    minute: datetime
    source: str
    told: int | None
    accepted: int
    stored: int
    duplicate: int
    conflict: int
    dropped: int
    refused: int
    violated: int
    erased: int
    state: str
    receipts: str


class Intake(BaseModel):
    """Minutes, oldest first."""

    data: list[IntakeMinute]
