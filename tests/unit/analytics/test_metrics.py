"""Calendars, and each metric over a shop small enough to count by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from contracts.analytics import CostBooked
from contracts.campaign import MessageAccepted
from services.analytics.domain import calendars, metrics
from services.analytics.store import decoding, loading, metric_sql, score_sql
from services.analytics.store.metric_sql import Figure, Window
from services.analytics.store.warehouse import Warehouse
from tests.unit.analytics.shop import DAY, belongs, consent, customer_id, event, order, profile, stored

MAY = Window(date(2026, 5, 1), date(2026, 6, 1), datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))
START = MAY.since
AS_OF = datetime(2026, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", ["1404-12-30", "1404-13-01", "1404-07-31", "2026-02-30", "x", "2026-1", "٢٠٢٦-٠١-٠١"])
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        calendars.read_day(text, "jalali")


def test_months_are_cut_to_the_window_and_windows_begin_at_the_zones_midnight() -> None:
    spans = calendars.months(date(2026, 1, 10), date(2026, 4, 1), "jalali")
    assert [(span.label, span.first, span.last) for span in spans] == [
        ("1404-10", date(2026, 1, 10), date(2026, 1, 21)), ("1404-11", date(2026, 1, 21), date(2026, 2, 20)),
        ("1404-12", date(2026, 2, 20), date(2026, 3, 21)), ("1405-01", date(2026, 3, 21), date(2026, 4, 1)),
    ]
    assert calendars.midnight(date(2026, 3, 21), "Asia/Tehran") == datetime(2026, 3, 20, 20, 30, tzinfo=UTC)
    assert metrics.default_window("month", date(2026, 3, 25), "jalali") == (date(2026, 2, 20), date(2026, 3, 21))


def test_want_of_data_is_null_with_a_reason() -> None:
    assert metrics.value_of("churn", 3, 4) == 0.25
    assert metrics.value_of("conversion", 0, 0) is None
    assert metrics.reason_for_null("conversion", 0, 0) == "no_viewers"
    assert metrics.value_of("cper", None, 3) is None
    assert metrics.reason_for_null("cper", None, 3) == "no_costs"
    assert metrics.value_of("conversion", 0, 4) == 0


@pytest_asyncio.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[Warehouse]:
    opened = Warehouse(str(tmp_path / "facts.duckdb"))
    await opened.open()
    people = "abcdef"
    accepted = [
        MessageAccepted(message_id=f"m{number}", campaign_id="spring", customer_id=customer_id(number), channel="email", at=START + 5 * DAY, permit_id="p", consent_version=1)
        for number in (1, 2, 3)
    ]
    costs = [
        CostBooked(cost_id="k1", kind="retain", channel="email", campaign_id="spring", amount_minor=900, currency="EUR", booked_on="2026-05-06"),
        CostBooked(cost_id="k2", kind="acquire", channel="ads", amount_minor=5000, currency="EUR", booked_on="2026-05-06"),
        CostBooked(cost_id="k3", kind="retain", channel="email", amount_minor=70, currency="EUR", booked_on="2026-06-01"),
    ]
    records = [
        stored(fact, offset=number)
        for number, fact in enumerate([
            *(profile(number + 1, city="Tehran" if number < 3 else "Qom") for number in range(6)),
            *(belongs(name, number + 1) for number, name in enumerate(people)),
            # a, b: ordered before and in May; c: ordered in April only; d: views and buys; e: views, buys too late; f: views, withdrew
            order("a", "a1", net=1000, at=START - 10 * DAY), order("a", "a2", net=2000, at=START + 6 * DAY), order("a", "a3", net=500, at=START + 8 * DAY),
            order("b", "b1", net=1000, at=START - 3 * DAY), order("b", "b2", net=4000, at=START + 20 * DAY, source="shop"),
            order("c", "c1", net=1000, at=START - 3 * DAY),
            event("d", "Home", kind="page", at=START + DAY, channel="web"), order("d", "d1", net=300, at=START + 9 * DAY, currency="USD"),
            event("e", "Product Viewed", at=START + DAY, channel="mobile"), order("e", "e1", net=100, at=START + 40 * DAY),
            event("f", "Home", kind="page", at=START + DAY), consent(6, analytics={"*": "withdrawn"}),
            event("a", "Home", kind="page", at=START + DAY), event("nobody", "Home", kind="screen", at=START + 2 * DAY, channel="web"),
            event("late", "Home", kind="page", at=START + 29 * DAY), *accepted, *costs,
        ])
    ]
    await opened.write(lambda c: loading.store(c, decoding.read_records(records)))
    yield opened
    await opened.close()


async def figures(warehouse: Warehouse, name: str, by: str | None = None) -> list[Figure]:
    return await warehouse.read(lambda c: metric_sql.measure(c, name=name, window=MAY, as_of=AS_OF, currency="EUR", by=by))


@pytest.mark.asyncio
async def test_conversion_counts_viewers_without_an_earlier_order(warehouse: Warehouse) -> None:
    """K3: d converts, e and nobody do not, late is still open, a had ordered before, f withdrew analytics."""
    assert await figures(warehouse, "conversion") == [Figure("all", 1, 3, 1)]
    assert await figures(warehouse, "conversion", "channel") == [Figure("mobile", 0, 1, 0), Figure("web", 1, 2, 1)]


@pytest.mark.asyncio
async def test_retention_repeat_rate_and_revenue(warehouse: Warehouse) -> None:
    """K4, K6: of a, b, c who ordered in April, a and b did in May; of a, b, d who ordered in May, a did twice."""
    assert await figures(warehouse, "retention") == [Figure("all", 2, 3, 0)]
    assert await figures(warehouse, "repeat_rate") == [Figure("all", 1, 3, 0)]
    assert await figures(warehouse, "revenue") == [Figure("all", 6500, 3, 1)]
    assert await figures(warehouse, "revenue", "source") == [Figure("shop", 4000, 1, 0), Figure("web", 2500, 2, 1)]


@pytest.mark.asyncio
async def test_cost_per_effective_response(warehouse: Warehouse) -> None:
    """K11: a answers twice within 7 days and counts once, b answers too late; only costs of the channel in May count."""
    assert await figures(warehouse, "cper") == [Figure("all", 900, 1, 0)]
    assert await figures(warehouse, "cper", "campaign") == [Figure("spring", 900, 1, 0)]


@pytest.mark.asyncio
async def test_scores_and_stage(warehouse: Warehouse) -> None:
    """M3: a and b bought twice and at least as much as the middle buyer; the others bought once."""

    def read(connection: object) -> dict[str, tuple[int, int, str]]:
        score_sql.compute(connection, as_of=AS_OF, currency="EUR", zone="UTC")  # type: ignore[arg-type]
        rows = connection.execute("SELECT customer::VARCHAR, days, monetary, stage FROM fresh").fetchall()  # type: ignore[attr-defined]
        return {row[0]: row[1:] for row in rows}

    found = await warehouse.read(read)
    assert found == {
        customer_id(1): (3, 3500, "retain"), customer_id(2): (2, 5000, "retain"), customer_id(3): (1, 1000, "enhance"),
        customer_id(4): (1, 0, "enhance"), customer_id(5): (1, 100, "enhance"),
    }
    rows, gone = await warehouse.read(lambda c: score_sql.changed(c, as_of=AS_OF, currency="EUR", zone="UTC"))
    assert len(rows) == 5
    assert gone == []
    await warehouse.write(lambda c: score_sql.keep(c, rows, gone))
    assert await warehouse.read(lambda c: score_sql.changed(c, as_of=AS_OF, currency="EUR", zone="UTC")) == ([], [])
    later, _ = await warehouse.read(lambda c: score_sql.changed(c, as_of=AS_OF + timedelta(days=1), currency="EUR", zone="UTC"))
    assert {row.recency_days - before.recency_days for row in later for before in rows if row.customer_id == before.customer_id} == {1}
