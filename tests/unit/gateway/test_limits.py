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


def drive(lane: Lane, *, offered: int, capacity: float, seconds: float, alone: float = 0.0, began: float = 0.0) -> list[float]:
    """A service that gets `capacity` requests a second done, and somebody who always has `offered` waiting; how long each took."""
    waiting: list[float] = []
    took: list[float] = []
    now, owed = began, 0.0
    while now < began + seconds:
        while len(waiting) < offered and lane.may_enter(now):
            lane.running += 1
            waiting.append(now)
        now += 0.01
        owed = min(owed + capacity * 0.01, float(len(waiting)))
        while owed >= 1 and waiting and now - waiting[0] >= alone:
            took.append(now - waiting[0])
            lane.running -= 1
            lane.left(took[-1], now)
            waiting.pop(0)
            owed -= 1
    return took


@pytest.mark.parametrize("capacity", [100, 400])
def test_a_lane_becomes_as_narrow_as_the_service_needs(capacity: float) -> None:
    lane = Lane(512, 0.0)
    took = drive(lane, offered=512, capacity=capacity, seconds=30)
    later = sorted(took[len(took) // 3 :])
    assert later[int(0.99 * len(later))] < 1.0
    assert len(took) > 0.95 * capacity * 29, "nothing is lost by it"
    drive(lane, offered=40, capacity=10_000, seconds=20, began=30.0)
    assert lane.limit == 512, "and wide again when there is room"


def test_a_lane_without_answers_becomes_narrow_but_never_shut() -> None:
    lane = Lane(256, 0.0)
    assert not drive(lane, offered=300, capacity=0, seconds=30)
    assert lane.limit == lanes.LEAST
    assert Lane(8, 0.0).limit == 8


def test_what_takes_long_by_itself_is_not_overload() -> None:
    lane = Lane(64, 0.0)
    assert drive(lane, offered=10, capacity=1000, seconds=10, alone=0.7)
    assert len(drive(lane, offered=64, capacity=1000, seconds=10, alone=0.7, began=10.0)) > 10 / 0.8 * 60
    assert lane.limit == 64


def test_a_day_ends_at_midnight_utc() -> None:
    assert quotas.seconds_left(datetime(2026, 3, 1, 23, 59, 59, 500_000, UTC)) == 1
    assert quotas.seconds_left(datetime(2026, 3, 1, tzinfo=UTC)) == quotas.DAY_SECONDS
    assert quotas.Quota(2, 0).exceeded(quotas.Used(2, 0))
    assert not quotas.Quota(2, 0).exceeded(quotas.Used(1, 10**9))
    assert quotas.Quota(0, 5).exceeded(quotas.Used(0, 5))
