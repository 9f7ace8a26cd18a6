"""Whether everything that was accepted has become something."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter

from chassis.errors import Invalid
from services.interaction import queries
from services.interaction.api.timeline import From, Here, Reader, To, aware
from services.interaction.schemas import intake

router = APIRouter(tags=["intake"])

LONGEST = timedelta(days=1)


@router.get("/api/v1/intake", response_model=intake.Intake)
async def list_intake(here: Here, caller: Reader, since: From = None, until: To = None) -> dict[str, Any]:
    """What became of the events of each source and minute, the last hour unless asked otherwise; at most a day."""
    end = aware(until) or here.clock.now()
    start = aware(since) or end - timedelta(hours=1)
    if not start < end <= start + LONGEST:
        raise Invalid("intake.bad_span", "`from` lies before `to`, and at most a day: ask for a shorter span.")
    return {"data": await queries.list_intake(here, since=start, until=end)}
