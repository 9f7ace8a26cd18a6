"""How old an event is when a reader applies it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from chassis import measuring, telemetry
from chassis.eventlog import Stored

NOW = datetime(2026, 3, 21, 8, tzinfo=UTC)


def told(**labels: str) -> tuple[float, float]:
    """Number of observations, and their sum."""
    count, total = (telemetry.REGISTRY.get_sample_value(f"ecrm_delay_seconds_{what}", labels) or 0.0 for what in ("count", "sum"))
    return count, total


def record(*, happened: timedelta | None, appended: timedelta) -> Stored:
    headers = (("ce_time", (NOW - happened).isoformat().encode()),) if happened is not None else ()
    return Stored("ecrm.interaction", 0, 1, b"k", b"{}", headers, (NOW - appended).timestamp())


def test_the_oldest_of_a_batch_counts_from_when_it_was_received() -> None:
    """D16: the time from an accepted event to what a reader keeps of it."""
    service: Any = SimpleNamespace(name="measured", clock=SimpleNamespace(timestamp=NOW.timestamp))
    batch = [record(happened=timedelta(seconds=4), appended=timedelta(seconds=1)), record(happened=timedelta(seconds=2), appended=timedelta(0))]
    measuring.delays(service, "profiles", [batch])
    assert told(service="measured", reader="profiles") == (1, 4)
    measuring.delays(service, "profiles", [[record(happened=None, appended=timedelta(seconds=3))]])
    assert told(service="measured", reader="profiles") == (2, 7)
    measuring.delays(service, "profiles", [[record(happened=timedelta(seconds=-5), appended=timedelta(0))]])  # clocks differ: never negative
    assert told(service="measured", reader="profiles") == (3, 7)
