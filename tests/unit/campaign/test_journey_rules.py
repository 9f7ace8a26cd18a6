"""U29, N11: how people move, whatever happens to them in whatever order; occasions of two calendars; rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.jalali import from_jalali
from services.campaign.domain.journeys import moving
from services.campaign.domain.journeys.conditions import Known, PropertyTest
from services.campaign.domain.journeys.definition import Definition, Occasion
from services.campaign.domain.journeys.moving import Around, Happened
from services.campaign.domain.journeys.replaying import Replayed, Stimulus, replay

START = datetime(2026, 1, 1, tzinfo=UTC)
ANN = UUID(int=7)
JOURNEY = UUID(int=9)


def definition(reentry: Any) -> Definition:
    return Definition.model_validate({
        "entry": {"event": {"name": "A"}}, "start": "wait", "reentry": reentry, "leave_on": [{"event": {"name": "X"}, "goal": "done"}],
        "steps": {
            "wait": {"type": "wait", "for": {"hours": 2}, "next": "mail"},
            "mail": {"type": "message", "template_id": str(UUID(int=1)), "next": "listen"},
            "listen": {"type": "wait_for", "event": {"name": "B"}, "within": {"hours": 3}, "then": "mail2", "otherwise": "wait2"},
            "mail2": {"type": "message", "template_id": str(UUID(int=1))}, "wait2": {"type": "wait", "for": {"hours": 1}, "next": "mail2"},
        },
    })


def past(happened: list[tuple[int, str]]) -> list[Stimulus]:
    found = []
    for number, (minutes, name) in enumerate(sorted(happened)):
        at = START + timedelta(minutes=minutes)
        found.append(Stimulus(at, str(number), Happened(str(number), name, {}, at, at), {}))
    return found


def run(rules: Definition, stimuli: list[Stimulus], until: datetime) -> Replayed:
    return replay(rules, journey_id=JOURNEY, customer_id=ANN, stimuli=stimuli, around=Around(until, ZoneInfo("UTC"), Known()), until=until)


@given(
    st.lists(st.tuples(st.integers(0, 3000), st.sampled_from("ABX")), max_size=25),
    st.sampled_from(["never", "after_exit", {"after_days": 1}]), st.integers(0, 3500),
)
def test_whatever_happens(happened: list[tuple[int, str]], reentry: Any, minutes: int) -> None:
    """U29"""
    rules, stimuli, end = definition(reentry), past(happened), START + timedelta(days=10)
    done = run(rules, stimuli, end)
    assert done == run(rules, stimuli, end), "the same past, the same journey"
    assert not any(one.left_at is None for one in done.passages), "ten days later everybody is out"
    if reentry == "never":
        assert len(done.passages) <= 1
    for before, after in zip(done.passages, done.passages[1:], strict=False):
        assert before.left_at is not None
        assert before.left_at <= after.entered_at
        if isinstance(reentry, dict):
            assert after.entered_at - before.entered_at >= timedelta(days=1)
    keys = [each.effect.key for each in done.messages]
    assert len(keys) == len(set(keys)), "each pass of a step writes once"
    for one in done.passages:
        mine = [each for each in done.messages if each.effect.person.id == one.id]
        assert len(mine) <= 2
        if one.outcome == "finished":
            assert [each.effect.step_name for each in mine] == ["mail", "mail2"]
            assert mine[0].at == one.entered_at + timedelta(hours=2)
            assert timedelta(0) <= mine[1].at - mine[0].at <= timedelta(hours=4)
    # The future changes nothing of what has been.
    cut = START + timedelta(minutes=minutes)
    early = run(rules, [each for each in stimuli if each.at <= cut], cut)
    assert [(each.at, each.effect.key) for each in early.messages] == [(each.at, each.effect.key) for each in done.messages if each.at <= cut]


@pytest.mark.parametrize(("born", "day", "calendar", "expected"), [
    ("1990-05-21", date(2026, 5, 21), "gregorian", True),
    ("1990-05-21", date(2026, 5, 22), "gregorian", False),
    ("1992-02-29", date(2026, 2, 28), "gregorian", True),
    ("1992-02-29", date(2028, 2, 28), "gregorian", False),
    ("1992-02-29", date(2028, 2, 29), "gregorian", True),
    ("1370-02-31", from_jalali(1405, 2, 31), "jalali", True),
    (from_jalali(1370, 1, 1).isoformat(), from_jalali(1405, 1, 1), "jalali", True),
    ("1375-12-30", from_jalali(1404, 12, 29), "jalali", True),
    ("1375-12-30", from_jalali(1403, 12, 29), "jalali", False),
    ("1375-12-30", from_jalali(1403, 12, 30), "jalali", True),
    ("2030-01-01", date(2026, 1, 1), "gregorian", False),
    ("soon", date(2026, 1, 1), "gregorian", False),
    ("2026-13-45", date(2026, 1, 1), "gregorian", False),
])
def test_occasions(born: str, day: date, calendar: str, expected: bool) -> None:
    """N11"""
    occasion = Occasion.model_validate({"trait": "birthday", "calendar": calendar})
    assert moving.occurs(occasion, born, day) is expected
    earlier = Occasion.model_validate({"trait": "birthday", "calendar": calendar, "offset_days": -3})
    assert moving.occurs(earlier, born, day - timedelta(days=3)) is expected


@pytest.mark.parametrize(("op", "value", "found", "expected"), [
    ("eq", "a", "a", True), ("eq", 1, 1.0, True), ("eq", True, 1, False), ("neq", "a", None, False), ("exists", None, None, False),
    ("exists", False, None, True), ("gt", 5, "10", True), ("lt", "2026-02-01", "2026-01-31", True), ("in", ["a", "b"], "b", True),
    ("contains", "x", ["x", "y"], True), ("contains", "x", "axb", True), ("gte", 3, None, False),
])
def test_tests_of_values(op: str, value: Any, found: Any, expected: bool) -> None:
    assert PropertyTest.model_validate({"property": "p", "op": op, "value": value}).holds(found) is expected
