"""Questions over many events: previews, every metric, funnels, paths, cohorts, attribution, traits, SQL, live membership.

`SCALE`: customers with ten events each (default 200,000; `full` or 1000000: 10,000,000 events). `FACTS`: a file to keep the facts in between runs.

    .venv/bin/python -m tests.bench.analytics_queries [words of names of questions]
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from services.analytics.domain import calendars, computing, metrics, parsing
from services.analytics.domain.journeys import FunnelStep
from services.analytics.store import computing as traits
from services.analytics.store import evaluating, measures, metric_sql, questions, score_sql, strategy
from services.analytics.store.clicks import funnels, paths, touches
from services.analytics.store.evaluating import Question
from services.analytics.store.measures import Ask, Window
from services.analytics.store.warehouse import Warehouse
from tests.bench import analytics_facts

NOW = datetime(2026, 6, 1, tzinfo=UTC)
TODAY = date(2026, 6, 1)
MEMORY_MB = 700
SEGMENTS = 50
TOUCHED_A_SECOND = 200
#: The evaluator looks again this long after a round, at most; see commands/evaluating.py.
REST = 1.0

RULES: dict[str, Any] = {
    "trait and orders": {"all": [{"trait": "city", "op": "eq", "value": "Tehran"}, {"orders": {"measure": "sum", "op": "gte", "value": 5000, "within_days": 180}}]},
    "events in a window": {"event": "Product Added", "count": 2, "within_days": 90},
    "figure of a property, a quarter": {"event": "Product Viewed", "sum": {"property": "price", "op": "gte", "value": 100}, "within_days": 90},
    "figure of a property, a year": {"event": "Product Viewed", "sum": {"property": "price", "op": "gte", "value": 100}, "within_days": 365},
    "no event for 90 days": {"event": "*", "never": True, "within_days": 90},
    "abandoned basket": {"sequence": {"steps": [{"event": "Product Added"}, {"event": "Order Completed", "within_days": 3, "absent": True}], "within_days": 30}},
    "Farvardin, Persian text": {"all": [{"calendar": {"of": "registered_at", "month": 1}}, {"trait": "city", "op": "contains", "value": "تهران"}]},
    "a product, birthday at Nowruz": {"any": [{"orders": {"category": "Books", "value": 1}}, {"calendar": {"of": "birthday", "nowruz": True}}]},
    "consent, score, list, messages": {"all": [
        {"consent": {"purpose": "marketing", "channel": "email", "state": "granted"}}, {"rfm": {"part": "r", "op": "gte", "value": 3}},
        {"score": {"name": "churn", "op": "lt", "value": 0.5}}, {"not": {"listed": analytics_facts.LIST}}, {"message": {"outcome": "clicked", "never": True, "within_days": 90}},
    ]},
}
STEPS = [FunnelStep(name) for name in ("Product Viewed", "Product Added", "Checkout Started", "Order Completed")]


def _metric(name: str, connection: Any) -> Any:
    first, last = metrics.default_window(metrics.DEFINITIONS[name].window, TODAY, "gregorian")
    ask = Ask(Window(first, last, calendars.midnight(first, "UTC"), calendars.midnight(last, "UTC")), NOW, "EUR")
    return measures.extras(connection, name, ask), measures.figures(connection, name, ask)


def _funnel(days: int, connection: Any) -> Any:
    return funnels.read(
        connection, since=NOW - timedelta(days=days), until=NOW, per="customer", minutes=30, scoped=False, steps=STEPS, within_seconds=7 * 86400, by=None, now=NOW,
    )


def _paths(days: int, connection: Any) -> Any:
    return paths.read(connection, since=NOW - timedelta(days=days), until=NOW, per="visit", minutes=30, scoped=False, length=5, moves=100, common=100)


def _cohorts(edges: list[datetime], connection: Any) -> Any:
    metric_sql.gather_cohorts(connection, edges, currency="EUR")
    return metric_sql.cohorts(connection)


def _attribution(connection: Any) -> Any:
    since = NOW - timedelta(days=90)
    return (
        touches.conversions(connection, since=since, until=NOW, days=30, by="channel", currency="EUR", scoped=False, aged=False),
        touches.lost(connection, since=since, until=NOW, by="channel", scoped=False),
    )


def _trait(definition: dict[str, Any], connection: Any) -> Any:
    traits.values(connection, definition=computing.parse_definition(definition), now=NOW, currency="EUR", zone="UTC")


def figures() -> dict[str, Callable[[Any], Any]]:
    """What is asked, by name; metrics in the window they have unless another is given."""
    edges = [datetime(2025 + (5 + month) // 12, (5 + month) % 12 + 1, 1, tzinfo=UTC) for month in range(13)]
    views = {"event": "Product Viewed", "within_days": 30}
    return {
        **{name: partial(_metric, name) for name in metrics.DEFINITIONS if name not in metrics.RATIOS},
        "cohorts of 13 months": partial(_cohorts, edges),
        "funnel of 90 days": partial(_funnel, 90), "paths of 90 days": partial(_paths, 90), "attribution of 90 days, Markov": _attribution,
        "RFM and stage of everybody": lambda connection: score_sql.compute(connection, as_of=NOW, currency="EUR", zone="UTC"),
        "computed trait: views in 30 days": partial(_trait, views),
        "attributes without use, 90 days": lambda connection: strategy.collected(connection, since=NOW - timedelta(days=90)),
        "staff by team": lambda connection: strategy.staff(connection, since=NOW - timedelta(days=90), until=NOW, currency="EUR", days=30, by="team"),
        "SQL: events by month and name": lambda connection: questions.answer(
            connection, sql="SELECT date_trunc('month', occurred_at) AS m, name, count(*) FROM events GROUP BY ALL ORDER BY ALL", parameters=[], limit=1000, seconds=5,
        ),
    }


#: Beyond the windows that are asked by default: all ten million events in an order.
WHOLE: dict[str, Callable[[Any], Any]] = {"funnel of a year": partial(_funnel, 365), "paths of a year": partial(_paths, 365)}


async def timed(warehouse: Warehouse, name: str, act: Callable[[Any], Any]) -> float:
    """Seconds of wall time of the best of three runs, printed with CPU time over the two threads."""
    best, used = 1e9, 0.0
    if sys.argv[1:] and not any(word in name for word in sys.argv[1:]):
        return 0.0
    for _ in range(3):
        begun, cpu = time.perf_counter(), time.process_time()
        await warehouse.read(act)
        if (took := time.perf_counter() - begun) < best:
            best, used = took, time.process_time() - cpu
    print(f"  {name:<40} {best * 1000:8.0f} ms  ({used * 1000:6.0f} ms of CPU){'' if best < 1 else '  over a second'}", flush=True)
    return used


def peak() -> int:
    """MB of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


async def ask_all(warehouse: Warehouse) -> None:
    """Previews and figures."""
    print("previews with size and ten examples (aim: under 1 s at 1,000,000 customers)")
    for name, rule in RULES.items():
        node = parsing.parse_rule(rule)
        await timed(warehouse, name, lambda c, node=node: evaluating.preview(c, rule=node, now=NOW, currency="EUR", examples=10))  # type: ignore[misc]
    print("figures (aim: under 1 s at 10,000,000 events)")
    for name, act in figures().items():
        await timed(warehouse, name, act)
    print(f"peak memory up to here {peak()} MB (aim 1,000)")
    print("beyond the default windows (no aim)")
    for name, act in WHOLE.items():
        await timed(warehouse, name, act)


async def live(warehouse: Warehouse) -> None:
    """One round of the evaluator, as often as it looks."""
    asked = [Question(uuid4(), parsing.parse_rule(list(RULES.values())[number % len(RULES)])) for number in range(SEGMENTS)]
    touched = int(TOUCHED_A_SECOND * (REST + 1))
    rows = await warehouse.read(lambda c: c.execute("SELECT customer::VARCHAR FROM customer ORDER BY customer LIMIT $n", {"n": touched}).fetchall())
    due = [UUID(row[0]) for row in rows]
    print(f"live membership: {SEGMENTS} segments, {TOUCHED_A_SECOND} events a second of as many customers, {touched} touched in a round (aim: under one core, told in 5 s)")
    begun = time.perf_counter()
    took = await timed(
        warehouse, "one round of live membership",
        lambda c: evaluating.evaluate_touched(c, since=1, due=due, questions=asked, now=NOW, horizon=NOW + timedelta(minutes=30), currency="EUR", limit=5000),
    )
    wall = (time.perf_counter() - begun) / 3
    pause = min(REST, 3 * wall)
    full = 0.0
    for question in asked[: len(RULES)]:
        cpu = time.process_time()
        await warehouse.read(lambda c, question=question: evaluating.evaluate_everybody(c, question=question, now=NOW, horizon=NOW + timedelta(minutes=30), currency="EUR"))  # type: ignore[misc]
        full += time.process_time() - cpu
    whole = full / len(RULES) * SEGMENTS / 900
    print(f"  a round each {wall + pause:.1f} s: {took / (wall + pause):.0%} of a core; everybody anew each 15 minutes: {whole:.0%} more")


async def main() -> None:
    scale = {"full": 1_000_000}.get(os.environ.get("SCALE", "200000")) or int(os.environ.get("SCALE", "200000"))
    with tempfile.TemporaryDirectory(prefix="ecrm-bench-") as folder:
        path = os.environ.get("FACTS") or str(Path(folder) / "facts.duckdb")
        warehouse = Warehouse(path, memory_mb=MEMORY_MB, threads=2)
        await warehouse.open()
        begun = time.perf_counter()
        if not (await warehouse.read(lambda c: c.execute("SELECT count(*) FROM event").fetchall()))[0][0]:
            await analytics_facts.fill(warehouse, scale)
        print(f"{scale:,} customers, {10 * scale:,} events, {3 * scale // 2:,} orders; two threads, {MEMORY_MB} MB; made in {time.perf_counter() - begun:.0f} s")
        await warehouse.checkpoint_when_idle()
        await ask_all(warehouse)
        if not sys.argv[1:] or "live" in sys.argv:
            await live(warehouse)
        await warehouse.close()
    print(f"peak memory {peak()} MB")


if __name__ == "__main__":
    asyncio.run(main())
