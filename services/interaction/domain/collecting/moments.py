"""Times of an event: reading what SDKs send, and correcting the sender's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

FUTURE: Final = timedelta(minutes=5)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Epoch numbers from here on are milliseconds (as seconds it would be the year 5138).
_MILLISECONDS: Final = 100_000_000_000


class Moments(NamedTuple):
    """When it happened by our clock, by the sender's, and when it was sent; notes on what was ignored or clamped."""

    timestamp: datetime
    original: datetime | None
    sent: datetime | None
    notes: tuple[str, ...] = ()


def read_moment(value: Any) -> datetime | None:
    """ISO 8601 (no zone means UTC) or an epoch in s or ms, as aware UTC; None when unreadable. A datetime was read before."""
    if type(value) is str:
        text = value.strip()
        if text.isdecimal() and text.isascii() and 9 <= len(text) <= 14:
            return _from_epoch(int(text))
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is UTC:
                return moment
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    if type(value) is int or type(value) is float:
        return _from_epoch(value)
    return value if isinstance(value, datetime) else None


def _from_epoch(number: float) -> datetime | None:
    try:
        seconds = number / 1000 if abs(number) >= _MILLISECONDS else number
        return _EPOCH + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def corrected(original: Any, fallback: Any, sent: Any, received: datetime) -> Moments:
    """`received - (sent - original)`; without `sent` the original; without both the time of receipt.

    `original` is originalTimestamp, `fallback` timestamp, used when there is no original. More than 5 minutes ahead becomes the time of
    receipt (note `clock_clamped`); what is unreadable is ignored (note `timestamp_ignored`).
    """
    notes: tuple[str, ...] = ()
    started = when_sent = None
    if original is not None and (started := read_moment(original)) is None:
        notes = ("timestamp_ignored",)
    if started is None and fallback is not None and (started := read_moment(fallback)) is None:
        notes = ("timestamp_ignored",)
    if sent is not None and (when_sent := read_moment(sent)) is None:
        notes = ("timestamp_ignored",)
    if started is None:
        return Moments(received, None, when_sent, notes)
    moment = started
    if when_sent is not None:
        try:
            moment = received - (when_sent - started)
        except OverflowError:
            return Moments(received, started, when_sent, ("timestamp_ignored",))
    if moment - received > FUTURE:
        return Moments(received, started, when_sent, (*notes, "clock_clamped"))
    return Moments(moment, started, when_sent, notes)
