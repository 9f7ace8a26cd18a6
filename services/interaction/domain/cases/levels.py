"""Service levels: which policy a case has, when what is due, and what the clock says. Times are business time of the policy's calendar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.interaction.domain.cases.model import Case
from services.interaction.domain.working_hours import FARTHEST, Calendar, NeverOpen

Target = Literal["answer", "resolve"]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How soon; `warn_share` of the time passed is worth a warning. Fields that are None fit everything."""

    id: UUID
    name: str
    rank: int
    kind: str | None
    priority: str | None
    tier: str | None
    team_id: UUID | None
    calendar_id: UUID | None
    answer_minutes: int | None
    resolve_minutes: int | None
    warn_share: float
    escalate_to: UUID | None
    active: bool
    version: int
    changed_at: datetime


class Alarm(NamedTuple):
    """Something to be told: `level` is warning or breach."""

    target: Target
    level: str
    due_at: datetime


def match(policies: Iterable[Policy], case: Case) -> Policy | None:
    """The policy of the lowest rank that fits the case."""
    fitting = [
        each for each in policies
        if each.active and each.kind in {None, case.kind} and each.priority in {None, case.priority} and each.tier in {None, case.tier}
        and each.team_id in {None, case.team_id}
    ]
    return min(fitting, key=lambda each: (each.rank, each.name), default=None)


def start(case: Case, policy: Policy | None, calendar: Calendar, now: datetime) -> Case:
    """The case with its due times, from when it was opened; without a policy nothing is due."""
    if policy is None:
        return replace(case, policy_id=None, answer_due=None, resolve_due=None, alarm_at=None, resolve_left=None)
    answer = _after(calendar, case.opened_at, policy.answer_minutes * 60) if policy.answer_minutes is not None else None
    resolve = _after(calendar, case.opened_at, policy.resolve_minutes * 60) if policy.resolve_minutes is not None else None
    found = replace(case, policy_id=policy.id, answer_due=answer, resolve_due=resolve)
    return replace(found, alarm_at=next_alarm(found, policy, calendar, now))


def pause(case: Case, calendar: Calendar, now: datetime) -> Case:
    """The clock of the resolution stands still: we wait for the customer, or it is resolved."""
    if case.paused_at is not None:
        return case
    left = calendar.seconds_between(now, case.resolve_due) if case.resolve_due is not None else None
    return replace(case, paused_at=now, resolve_left=left, alarm_at=None)


def resume(case: Case, policy: Policy | None, calendar: Calendar, now: datetime) -> Case:
    """The clock goes on with what was left; a breach stays one."""
    if case.paused_at is None:
        return case
    due = _after(calendar, now, case.resolve_left) if case.resolve_left else case.resolve_due
    found = replace(case, paused_at=None, resolve_left=None, resolve_due=due)
    return replace(found, alarm_at=next_alarm(found, policy, calendar, now) if policy else None)


def alarms(case: Case, policy: Policy, calendar: Calendar, now: datetime) -> list[Alarm]:
    """What the clock says now; told before or not."""
    found: list[Alarm] = []
    for target, due, total in _running(case, policy):
        if due <= now:
            found.append(Alarm(target, "breach", due))
        elif calendar.seconds_between(now, due) <= total * (1 - policy.warn_share):
            found.append(Alarm(target, "warning", due))
    return found


def next_alarm(case: Case, policy: Policy, calendar: Calendar, now: datetime) -> datetime | None:
    """When there will be something new to tell after `now`."""
    moments = []
    for _, due, total in _running(case, policy):
        if due <= now:
            continue
        until_warning = calendar.seconds_between(now, due) - total * (1 - policy.warn_share)
        moments.append(_after(calendar, now, until_warning) if until_warning > 0 else due)
    return min(moments, default=None)


def _running(case: Case, policy: Policy) -> list[tuple[Target, datetime, float]]:
    """(target, due, seconds in all) of the clocks that run."""
    found: list[tuple[Target, datetime, float]] = []
    if case.status != "open":
        return found
    if case.answer_due is not None and case.answered_at is None:
        found.append(("answer", case.answer_due, (policy.answer_minutes or 0) * 60.0))
    if case.resolve_due is not None and case.paused_at is None:
        found.append(("resolve", case.resolve_due, (policy.resolve_minutes or 0) * 60.0))
    return found


def _after(calendar: Calendar, begin: datetime, seconds: float) -> datetime:
    """A due time; what the calendar's hours do not suffice for is due when nobody looks any further."""
    try:
        return calendar.after(begin, seconds)
    except NeverOpen:
        return begin + FARTHEST
