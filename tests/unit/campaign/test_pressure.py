"""N10, U32, N11: caps over all campaigns, quiet time in local time (also Nowruz), who wins, when a person responds best."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.jalali import new_year
from services.campaign.domain import pressure
from services.campaign.domain.pressure import Cap, Contact, Policy

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TEHRAN = ZoneInfo("Asia/Tehran")
ANN = UUID(int=1)


def contact(*, channel: str = "email", programme: str = "a", priority: int = 0, value: float = 0, at: datetime | None = None) -> Contact:
    return Contact(uuid4(), ANN, channel, "marketing", programme, priority, value, at)


def test_the_higher_value_wins_and_the_loser_knows_to_whom() -> None:
    """N10"""
    policy = Policy(caps=[Cap(most=1, per="day")])
    cheap, dear, urgent = contact(value=10), contact(value=500), contact(value=1, priority=5)
    verdicts = pressure.judge(policy, waiting=[cheap, dear], taken=[], now=NOW)
    assert verdicts[dear.message_id].admitted
    assert verdicts[cheap.message_id].losing_to == [dear.message_id]
    verdicts = pressure.judge(policy, waiting=[cheap, dear, urgent], taken=[], now=NOW)
    assert [key for key, verdict in verdicts.items() if verdict.admitted] == [urgent.message_id]


def test_a_cap_names_when_there_is_room_again() -> None:
    policy = Policy(caps=[Cap(most=2, per="week")])
    taken = [contact(at=NOW - timedelta(days=days)) for days in (1, 3, 8)]
    full = pressure.first_full(policy, contact(), taken, NOW)
    assert full is not None
    assert (full.used, full.free_at) == (2, NOW + timedelta(days=4))


@pytest.mark.parametrize(("cap", "admitted"), [
    (Cap(most=1, per="day", channel="sms"), True),
    (Cap(most=1, per="day", channel="email"), False),
    (Cap(most=1, per="day", channel="*"), False),
    (Cap(most=1, per="day", programme="*"), True),
    (Cap(most=1, per="day", programme="b"), True),
    (Cap(most=0, per="day"), False),
])
def test_what_a_cap_covers(cap: Cap, admitted: bool) -> None:
    one = contact(programme="a")
    verdicts = pressure.judge(Policy(caps=[cap]), waiting=[one], taken=[contact(programme="b", at=NOW)], now=NOW)
    assert verdicts[one.message_id].admitted is admitted


@given(
    st.lists(st.tuples(st.sampled_from(["email", "sms"]), st.sampled_from(["a", "b"]), st.integers(0, 3), st.integers(0, 5)), max_size=12),
    st.lists(st.tuples(st.sampled_from(["email", "sms"]), st.integers(0, 40)), max_size=6),
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["day", "week", "month"]), st.sampled_from([None, "*", "email"])), max_size=3),
)
def test_no_cap_is_ever_exceeded(
    wanting: list[tuple[str, str, int, int]], before: list[tuple[str, int]], caps: list[tuple[int, str, str | None]]
) -> None:
    """N10"""
    policy = Policy.model_validate({"caps": [{"most": most, "per": per, "channel": channel} for most, per, channel in caps]})
    waiting = [contact(channel=channel, programme=programme, priority=priority, value=value) for channel, programme, priority, value in wanting]
    taken = [contact(channel=channel, at=NOW - timedelta(days=days)) for channel, days in before]
    verdicts = pressure.judge(policy, waiting=waiting, taken=taken, now=NOW)
    assert set(verdicts) == {each.message_id for each in waiting}
    admitted = [each._replace(at=NOW) for each in waiting if verdicts[each.message_id].admitted]
    for cap in policy.caps:
        for each in admitted:
            if cap.covers(each, each):
                assert _used(cap, each, [*taken, *admitted]) <= cap.most
    for each in waiting:
        if not verdicts[each.message_id].admitted:
            assert pressure.first_full(policy, each, [*taken, *admitted], NOW) is not None


def _used(cap: Cap, each: Contact, places: Sequence[Contact]) -> int:
    return sum(one.at is not None and one.at > NOW - pressure.WINDOWS[cap.per] and cap.covers(each, one) for one in places)


def test_quiet_hours_over_midnight_in_the_persons_own_zone() -> None:
    """U32"""
    policy = Policy.model_validate({"quiet_hours": [{"since": "21:00", "until": "08:30", "channels": ["sms"]}]})
    late = datetime(2026, 6, 1, 18, tzinfo=UTC)  # 21:30 in Tehran
    assert pressure.quiet_until(policy, channel="sms", zone=TEHRAN, at=late) == datetime(2026, 6, 2, 5, tzinfo=UTC)
    assert pressure.quiet_until(policy, channel="email", zone=TEHRAN, at=late) is None
    assert pressure.quiet_until(policy, channel="sms", zone=ZoneInfo("Europe/London"), at=late) is None


@pytest.mark.parametrize("year", [1403, 1404, 1405, 1408, 1409])
def test_nowruz_is_quiet_in_leap_years_too(year: int) -> None:
    """N11"""
    policy = Policy.model_validate({"quiet_days": [{"name": "Nowruz", "jalali": "01-01", "days": 4}], "time_zone": "Asia/Tehran"})
    first = new_year(year)
    for offset, quiet in ((-1, False), (0, True), (3, True), (4, False)):
        noon = datetime.combine(first + timedelta(days=offset), datetime.min.time(), tzinfo=TEHRAN) + timedelta(hours=12)
        until = pressure.quiet_until(policy, channel="email", zone=TEHRAN, at=noon)
        expected = datetime.combine(first + timedelta(days=4), datetime.min.time(), tzinfo=TEHRAN).astimezone(UTC) if quiet else None
        assert until == expected


@given(st.integers(0, 60 * 24 * 400), st.sampled_from(["Asia/Tehran", "Europe/Berlin", "America/New_York", "UTC", "Pacific/Apia"]))
def test_when_quiet_time_ends_it_is_not_quiet(minutes: int, name: str) -> None:
    """U32"""
    policy = Policy.model_validate({
        "quiet_hours": [{"since": "20:00", "until": "09:00"}, {"since": "12:00", "until": "13:00"}], "quiet_weekdays": ["friday"],
        "quiet_days": [{"jalali": "12-29", "days": 3}, {"yearly": "12-25"}, {"on": "2026-03-29"}],
    })
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    zone = ZoneInfo(name)
    until = pressure.quiet_until(policy, channel="email", zone=zone, at=at)
    if until is not None:
        assert until > at
        assert pressure.quiet_until(policy, channel="email", zone=zone, at=until) is None
    else:
        assert 9 <= at.astimezone(zone).hour < 20


def test_responses_of_a_person_beat_those_of_everybody() -> None:
    """U32"""
    mine = [datetime(2026, 5, day, 4, 30, tzinfo=UTC) for day in range(1, 20)]  # 8 o'clock in Tehran
    everybody = [0.0] * 24
    everybody[19] = 1000
    assert pressure.best_hour(mine, zone=TEHRAN, everybody=everybody) == 8
    assert pressure.best_hour([], zone=TEHRAN, everybody=everybody) == 19
    assert pressure.best_hour(mine[:1], zone=TEHRAN, everybody=everybody) == 19
    assert pressure.best_hour([], zone=TEHRAN) is None
    assert pressure.next_at_hour(NOW, hour=8, zone=TEHRAN) == datetime(2026, 6, 2, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize("bad", [
    {"caps": [{"most": -1, "per": "day"}]}, {"caps": [{"most": 1, "per": "hour"}]}, {"time_zone": "Mars/Base"},
    {"quiet_hours": [{"since": "21:00", "until": "21:00"}]}, {"quiet_days": [{"jalali": "1-1"}]}, {"quiet_days": [{}]}, {"colour": "red"},
])
def test_policies_that_make_no_sense(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate(bad)


def test_a_day_of_the_gregorian_year() -> None:
    policy = Policy.model_validate({"quiet_days": [{"yearly": "12-25", "days": 2}]})
    assert policy.quiet_days[0].has(date(2026, 12, 26))
    assert not policy.quiet_days[0].has(date(2026, 12, 27))
