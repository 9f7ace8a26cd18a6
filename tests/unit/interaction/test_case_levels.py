"""Service levels: due times in business time, warnings, breaches, and clocks that stand still while we wait for the customer."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from services.interaction.domain.cases import levels, moving
from services.interaction.domain.cases.levels import Policy
from services.interaction.domain.cases.model import FRONT_DESK, Case
from services.interaction.domain.working_hours import ALWAYS, WEEKDAYS, Calendar

OFFICE = Calendar(time_zone="Europe/Berlin", hours={day: [("09:00", "17:00")] for day in WEEKDAYS[:5]}, holidays=[{"on": "2026-11-23"}])
FRIDAY = datetime(2026, 11, 20, 14, tzinfo=UTC)  # 15 o'clock in Berlin; Monday is a holiday


def policy(**given: Any) -> Policy:
    values: dict[str, Any] = {
        "id": uuid.UUID(int=1), "name": "p", "rank": 1, "kind": None, "priority": None, "tier": None, "team_id": None, "calendar_id": None,
        "answer_minutes": 60, "resolve_minutes": 480, "warn_share": 0.75, "escalate_to": None, "active": True, "version": 1, "changed_at": FRIDAY, **given,
    }
    return Policy(**values)


def case(**given: Any) -> Case:
    values: dict[str, Any] = {
        "id": uuid.UUID(int=2), "kind": "service", "subject": "s", "channel": "call", "team_id": FRONT_DESK, "opened_at": FRIDAY, "opened_by": "t",
        "changed_at": FRIDAY, **given,
    }
    return Case(**values)


def test_the_first_policy_that_fits_counts() -> None:
    """U17: by priority, kind and tier."""
    policies = [policy(name="any", rank=9), policy(name="gold", rank=2, tier="gold"), policy(name="urgent", rank=1, priority="urgent", active=False), policy(name="sales", rank=3, kind="sales")]
    found = [levels.match(policies, each) for each in (case(), case(tier="gold"), case(tier="gold", priority="urgent"), case(kind="sales"))]
    assert [each.name if each else None for each in found] == ["any", "gold", "gold", "sales"]
    assert levels.match(policies[1:2], case()) is None


def test_due_times_leave_out_the_night_the_weekend_and_the_holiday() -> None:
    """U17."""
    begun = levels.start(case(), policy(answer_minutes=180), OFFICE, FRIDAY)
    assert begun.answer_due == datetime(2026, 11, 24, 9, tzinfo=UTC)  # two hours on Friday, the third on Tuesday
    assert begun.resolve_due == datetime(2026, 11, 24, 14, tzinfo=UTC)
    assert begun.alarm_at == datetime(2026, 11, 24, 8, 15, tzinfo=UTC)  # three quarters of three hours


def test_a_warning_comes_before_the_breach_and_each_is_seen_in_its_time() -> None:
    begun = levels.start(case(), policy(resolve_minutes=None), ALWAYS, FRIDAY)
    seen, now = [], FRIDAY
    while (following := levels.next_alarm(begun, policy(resolve_minutes=None), ALWAYS, now)) is not None:
        now = following
        seen.append([(alarm.target, alarm.level, (now - FRIDAY).total_seconds() / 60) for alarm in levels.alarms(begun, policy(resolve_minutes=None), ALWAYS, now)])
    assert seen == [[("answer", "warning", 45)], [("answer", "breach", 60)]]


def test_an_answer_in_time_raises_nothing() -> None:
    begun = replace(levels.start(case(), policy(resolve_minutes=None), ALWAYS, FRIDAY), answered_at=FRIDAY + timedelta(minutes=5))
    assert levels.alarms(begun, policy(), ALWAYS, FRIDAY + timedelta(days=9)) == []
    assert levels.next_alarm(begun, policy(), ALWAYS, FRIDAY) is None


def test_the_clock_stands_still_while_we_wait_for_the_customer() -> None:
    """U17."""
    begun = levels.start(case(answered_at=FRIDAY), policy(), OFFICE, FRIDAY)
    waiting = moving.move(begun, "waiting", policy=policy(), calendar=OFFICE, now=FRIDAY + timedelta(hours=1))
    assert (waiting.resolve_left, waiting.alarm_at) == (7 * 3600, None)
    assert levels.alarms(waiting, policy(), OFFICE, FRIDAY + timedelta(days=30)) == []
    later = datetime(2026, 12, 1, 8, tzinfo=UTC)  # a Tuesday, nine o'clock
    again = moving.move(waiting, "open", policy=policy(), calendar=OFFICE, now=later)
    assert (again.resolve_due, again.paused_at) == (later + timedelta(hours=7), None)
    assert again.alarm_at == later + timedelta(hours=5)


def test_a_resolved_case_that_is_reopened_goes_on_with_what_was_left_and_is_given_out_anew() -> None:
    begun = levels.start(case(answered_at=FRIDAY, employee_id=uuid.UUID(int=5)), policy(), ALWAYS, FRIDAY)
    done = moving.move(begun, "resolved", policy=policy(), calendar=ALWAYS, now=FRIDAY + timedelta(hours=2), outcome="solved")
    assert (done.resolutions, done.outcome, done.employee_id, done.alarm_at) == (1, "solved", uuid.UUID(int=5), None)
    back = moving.move(done, "open", policy=policy(), calendar=ALWAYS, now=FRIDAY + timedelta(days=2))
    assert (back.employee_id, back.route_at, back.outcome) == (None, FRIDAY + timedelta(days=2), None)
    assert back.resolve_due == FRIDAY + timedelta(days=2, hours=6)


def test_a_breach_stays_one_whatever_is_paused() -> None:
    begun = levels.start(case(answered_at=FRIDAY), policy(), ALWAYS, FRIDAY)
    late = FRIDAY + timedelta(hours=9)
    paused = moving.move(begun, "waiting", policy=policy(), calendar=ALWAYS, now=late)
    back = moving.move(paused, "open", policy=policy(), calendar=ALWAYS, now=late + timedelta(days=1))
    assert back.resolve_due == begun.resolve_due
    assert [(alarm.level, alarm.due_at) for alarm in levels.alarms(back, policy(), ALWAYS, late + timedelta(days=1))] == [("breach", begun.resolve_due)]


def test_hours_that_never_suffice_are_due_far_away_and_break_nothing() -> None:
    rare = Calendar(hours={"monday": [("09:00", "09:15")]})
    assert levels.start(case(), policy(resolve_minutes=525_600), rare, FRIDAY).resolve_due is not None
