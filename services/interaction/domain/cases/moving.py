"""From one status to another, with what goes along."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from services.interaction.domain.cases import levels
from services.interaction.domain.cases.levels import Policy
from services.interaction.domain.cases.model import LIVING, Case
from services.interaction.domain.working_hours import Calendar


def move(case: Case, status: str, *, policy: Policy | None, calendar: Calendar, now: datetime, outcome: str | None = None) -> Case:
    """The case in another status: clocks stop and go on, and a reopened case is looked after anew, first of all by who had it before."""
    if status == case.status:
        return case if outcome is None else replace(case, outcome=outcome)
    if status == "open":
        reopened = case.status not in LIVING
        found = replace(case, status="open", resolved_at=None, closed_at=None, outcome=None if reopened else case.outcome)
        found = levels.resume(found, policy, calendar, now)
        if reopened:
            found = replace(found, employee_id=None)
        return replace(found, route_at=now) if found.employee_id is None else found
    found = replace(levels.pause(case, calendar, now), status=status, outcome=outcome or case.outcome, route_at=None)
    if status == "resolved":
        return replace(found, resolved_at=now, resolutions=case.resolutions + 1)
    return replace(found, closed_at=now) if status == "closed" else found
