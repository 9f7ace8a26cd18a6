"""The sender's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.interaction.domain.collecting import moments
from tests.unit.interaction.collecting.support import RECEIVED, batch, post, stamp, track

DAY = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2024-01-02T03:04:05.000Z", DAY), ("2024-01-02T03:04:05", DAY), ("2024-01-02 03:04:05+00:00", DAY), ("2024-01-02T06:34:05+03:30", DAY),
        ("2024-01-02T03:04:05.123456789Z", DAY + timedelta(microseconds=123456)), ("2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        (1704164645, DAY), (1704164645000, DAY), (1704164645.0, DAY), ("1704164645", DAY), ("1704164645000", DAY), ("", None), ("yesterday", None),
        (True, None), ({}, None), (1e300, None), (10**18, None), ("0001-01-01T00:00:00+14:00", None), ("9999-12-31T23:59:59-14:00", None), ("2024-13-01", None),
    ],
)
def test_reading(sent: Any, read: datetime | None) -> None:
    assert moments.read_moment(sent) == read


def test_the_example_of_the_protocol() -> None:
    found = stamp(batch(track(timestamp="2024-01-02T03:04:05.000Z", sentAt="2026-11-23T03:56:20.384Z")))
    assert found.timestamp == DAY + timedelta(milliseconds=16)
    assert found.original_timestamp == DAY
    assert found.sent_at == datetime(2026, 11, 23, 3, 56, 20, 384000, tzinfo=UTC)
    assert found.received_at == RECEIVED


def test_which_times_count() -> None:
    both = track(timestamp="2020-01-01T00:00:00Z", originalTimestamp="2024-01-02T03:04:05Z")
    assert stamp(batch(both)).timestamp == DAY
    assert stamp(batch(track())).timestamp == RECEIVED
    assert stamp(batch(track(timestamp="2024-01-02T03:04:05"))).timestamp == DAY
    shared = b'{"batch":[{"type":"track","userId":"u","event":"e","timestamp":"2026-11-23T03:56:20Z"}],"sentAt":"2026-11-23T03:56:20Z","timestamp":"2000-01-01T00:00:00Z"}'
    assert stamp(post(shared)).timestamp == RECEIVED
    own = shared.replace(b'"event"', b'"sentAt":"2026-11-23T03:56:21Z","event"')
    assert stamp(post(own)).timestamp == RECEIVED - timedelta(seconds=1)


def test_the_future_is_clamped_beyond_five_minutes_and_the_past_is_not() -> None:
    ahead = stamp(batch(track(timestamp="2026-11-23T04:01:20.400Z")))
    assert (ahead.timestamp, ahead.notes) == (RECEIVED + timedelta(minutes=5), [])
    ahead = stamp(batch(track(timestamp="2026-11-23T04:01:20.401Z")))
    assert (ahead.timestamp, ahead.notes) == (RECEIVED, ["clock_clamped"])
    assert stamp(batch(track(timestamp="1999-01-01T00:00:00Z"))).timestamp == datetime(1999, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("fields", [{"timestamp": "soon"}, {"timestamp": {}}, {"sentAt": "soon"}, {"originalTimestamp": [1]}])
def test_unreadable_times_are_ignored_and_noted(fields: dict[str, Any]) -> None:
    found = stamp(batch(track(**fields)))
    assert found.timestamp == RECEIVED
    assert found.notes == ["timestamp_ignored"]


def test_a_span_beyond_the_calendar_is_ignored() -> None:
    found = stamp(batch(track(timestamp="0001-01-02T00:00:00Z", sentAt="9999-12-30T00:00:00Z")))
    assert (found.timestamp, found.notes) == (RECEIVED, ["timestamp_ignored"])
