"""Assessments, and the mark that the organisation goes live."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from chassis.ids import new_id
from services.analytics import errors
from services.analytics.domain import assessments
from services.analytics.settings import AnalyticsService
from services.analytics.store import strategy

GO_LIVE: Final = "go_live"


async def assess(service: AnalyticsService, *, kind: str, assessed_on: date, subject: str, answers: dict[str, Any], by: str) -> dict[str, Any]:
    """Keep what was said on a day and what follows from it. Raises Unknown, Invalid with the item at fault."""
    known = assessments.KINDS.get(kind)
    if known is None:
        raise errors.unknown_assessment(sorted(assessments.KINDS))
    if known.of_subject != bool(subject):
        raise errors.bad_answer("/subject", "name the product or segment" if known.of_subject else "this questionnaire has no subject")
    try:
        result = assessments.assess(kind, answers)
    except assessments.BadAnswer as fault:
        raise errors.bad_answer(f"/answers{fault.pointer}", fault.message) from None
    async with service.transaction() as tx:
        return await strategy.put_assessment(
            tx.db, assessment_id=new_id(), kind=kind, assessed_on=assessed_on, subject=subject, answers=answers, result=result, by=by,
            now=service.clock.now(),
        )


async def go_live(service: AnalyticsService, *, by: str) -> dict[str, Any]:
    """Set the mark. Raises Conflict while the last checklist does not pass."""
    now = service.clock.now()
    async with service.transaction() as tx:
        found = await strategy.assessments(tx.db, kind="readiness", subject="", limit=1)
        if not found or not found[-1]["result"]["passes"]:
            raise errors.not_ready(found[-1]["result"]["missing"] if found else sorted(assessments.CHECKLIST))
        return await strategy.put_assessment(
            tx.db, assessment_id=new_id(), kind=GO_LIVE, assessed_on=now.date(), subject="", answers={"readiness": str(found[-1]["assessed_on"])},
            result={"live": True, "waived": found[-1]["result"]["waived"]}, by=by, now=now,
        )
