"""Buckets, lanes and quotas: what they let through, whatever comes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import lanes, quotas
from gateway.domain.buckets import Bucket
from gateway.domain.lanes import Lane


@given(st.integers(1, 50), st.sampled_from([1, 60]), st.lists(st.floats(0, 5), max_size=80))
def test_a_bucket_lets_through_what_it_holds_and_what_runs_in(amount: int, seconds: int, gaps: list[float]) -> None:
    now, let = 0.0, 0
    bucket = Bucket(amount, seconds, now)
    for gap in gaps:
        now += gap
        taken = bucket.take(now)
        let += taken.allowed
        assert let <= amount + now * amount / seconds + 0.01
        assert 0 <= taken.left <= amount
        if not taken.allowed:
            again = Bucket(amount, seconds, 0.0)
            again._tokens, again._at = bucket._tokens, bucket._at
            assert again.take(now + taken.wait + 1e-6).allowed, "after the wait there is one"


def test_a_bucket_fills_evenly_and_not_beyond_its_size() -> None:
    bucket = Bucket(60, 60, 0.0)
    assert [bucket.take(0.0).left for _ in range(60)] == list(range(59, -1, -1))
    empty = bucket.take(0.0)
    assert (empty.allowed, empty.wait, empty.full_in) == (False, 1.0, 60.0)
    assert bucket.take(1.0).allowed
    assert not bucket.take(1.0).allowed
    assert bucket.take(1000.0).left == 59
    assert not bucket.is_full(1000.0)
    assert bucket.is_full(1001.0)
    assert bucket.take(990.0).left == 58, "a clock that goes backwards gives nothing"


def drive(
    lane: Lane, *, offered: int, capacity: float, seconds: float, alone: float = 0.0, began: float = 0.0, rate: float = 1e9
) -> list[float]:
    """A service that gets `capacity` requests a second done, and somebody who sends `rate` a second while fewer than `offered` wait; how long each took."""
    waiting: dict[int, float] = {}
    took: list[float] = []
    now, owed, number, coming = began, 0.0, 0, 0.0
    while now < began + seconds:
        coming = min(coming, 0.0) + rate * 0.01
        while len(waiting) < offered and (coming := coming - 1) >= 0 and lane.may_enter(now):
            lane.enter()
            lane.begin(number, now)
            waiting[number], number = now, number + 1
        now += 0.01
        owed = min(owed + capacity * 0.01, float(len(waiting)))
        while owed >= 1 and waiting and now - next(iter(waiting.values())) >= alone - 1e-9:
            first = next(iter(waiting))
            took.append(now - waiting.pop(first))
            lane.leave(first, now)
            owed -= 1
    for left in waiting:
        lane.leave(left, now)
    return took


@pytest.mark.parametrize("capacity", [60, 100, 400, 3000])
def test_no_more_come_in_than_can_be_done_in_time(capacity: float) -> None:
    lane = Lane(512)
    took = sorted(drive(lane, offered=512, capacity=capacity, seconds=20, rate=3 * capacity))
    assert len(took) > 0.95 * capacity * 20 - 20, "nothing is lost by it"
    assert took[int(0.99 * len(took))] < 1.2


def test_a_flood_is_seen_at_once() -> None:
    lane, inside, most = Lane(512), 0, 0
    for number in range(5000):  # a thousand a second on a service that does forty
        now = number / 1000
        if lane.may_enter(now):
            lane.enter()
            lane.begin(number, now)
            inside += 1
        if number % 25 == 24 and lane._began:
            lane.leave(next(iter(lane._began)), now)
            inside -= 1
        most = max(most, inside)
    assert most < 450, "what came in before anything was old"
    assert inside < most, "and then less"
    assert not lane.may_enter(5.0, crowded=True)
    assert Lane(512).may_enter(5.0, crowded=True)


def test_a_lane_without_answers_becomes_narrow_but_never_shut() -> None:
    lane, inside = Lane(256), 0
    for number in range(300):
        if lane.may_enter(number / 10):
            lane.enter()
            lane.begin(number, number / 10)
            inside += 1
    assert inside == lanes.LEAST
    assert [Lane(8).may_enter(0.0)] == [True]


def test_a_burst_of_what_is_quick_is_let_in() -> None:
    lane = Lane(128)
    for number in range(128):
        assert lane.may_enter(0.001 * number)
        lane.enter()
        lane.begin(number, 0.001 * number)
    assert not lane.may_enter(0.2), "but no more than there are places"


def test_what_takes_long_by_itself_is_not_overload() -> None:
    lane = Lane(64)
    assert drive(lane, offered=3, capacity=1000, seconds=10, alone=0.7)
    assert len(drive(lane, offered=60, capacity=1000, seconds=10, alone=0.7, began=10.0)) > 10 / 0.8 * 55


def test_a_body_that_comes_slowly_is_not_the_service_being_slow() -> None:
    lane = Lane(64)
    for number in range(40):
        lane.enter()
        assert lane.may_enter(number * 1.0)
    for number in range(40):
        lane.leave(number, 100.0)
    assert lane.running == 0


def test_a_day_ends_at_midnight_utc() -> None:
    assert quotas.seconds_left(datetime(2026, 3, 1, 23, 59, 59, 500_000, UTC)) == 1
    assert quotas.seconds_left(datetime(2026, 3, 1, tzinfo=UTC)) == quotas.DAY_SECONDS
    assert quotas.Quota(2, 0).exceeded(quotas.Used(2, 0))
    assert not quotas.Quota(2, 0).exceeded(quotas.Used(1, 10**9))
    assert quotas.Quota(0, 5).exceeded(quotas.Used(0, 5))
