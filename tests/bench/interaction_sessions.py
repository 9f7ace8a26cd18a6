"""Figures about visits through the service's HTTP door, among a million visits of a year.

    python -m tests.bench.interaction_sessions

Visits lie anyhow within 365 days, of 200,000 identities, of which every third shares its customer with the next one; entries are 300 pages.
CPU time is that of the database and of this process; what joins the visits is measured, too.
"""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from rich.console import Console
from rich.table import Table

from launcher.embedded_postgres import PrivateCluster
from services.interaction.commands import sessions
from tests.bench import alone
from tests.bench.interaction_timeline import cpu_seconds
from tests.support.platform import started

VISITS: Final = 1_000_000
IDENTITIES: Final = 200_000
FROM: Final = datetime(2025, 1, 1, tzinfo=UTC)
#: Name -> query.
QUESTIONS: Final = {
    "a year": "since=2025-01-01&until=2026-01-01", "a year, one source": "since=2025-01-01&until=2026-01-01&source=shop-1",
    "a month": "since=2025-03-01&until=2025-04-01", "from noon to noon, 30 days": "since=2025-03-01T12:00:00Z&until=2025-03-31T12:00:00Z",
    "an hour": "since=2025-06-05T09:00:00Z&until=2025-06-05T10:00:00Z",
}

screen = Console(width=110)


async def fill(owner: asyncpg.Connection[Any]) -> None:
    await owner.execute(
        """
        INSERT INTO visit (identity, started_at, ended_at, source, channel, events, pages, entry, exit, referrer, campaign, reach, seen)
        SELECT decode(md5('v' || (n * 7919::bigint) % $2), 'hex'), at, at
            + n % 40 * interval '1 minute', 'shop-' || n % 3, 'web', n % 9 + 1, n % 4 + 1, '/page/' || n % 300, '/page/' || n % 270,
            CASE WHEN n % 3 = 0 THEN 'search-' || n % 20 || '.example' END, CASE WHEN n % 5 = 0 THEN '{"source":"news-' || n % 15 || '"}' END,
            ARRAY[n % 5, 1, 2, 3, 4], n % 16
        FROM (SELECT n, $3::timestamptz + random() * interval '365 days' AS at FROM generate_series(0, $1::int - 1) AS n) AS drawn
        """,
        VISITS, IDENTITIES, FROM,
    )
    await owner.execute(
        "INSERT INTO identity_map (identity, kind, customer_id) SELECT decode(md5('v' || n), 'hex'), 'anon', md5('c' || n / 2)::uuid FROM generate_series(0, $1::int) AS n WHERE n % 3 = 0 OR n % 3 = 1",
        IDENTITIES,
    )
    await owner.execute("INSERT INTO session_dirty SELECT DISTINCT identity, timestamptz '0001-01-02 00:00:00+00' FROM visit")
    await owner.execute("VACUUM ANALYZE visit, identity_map")


async def measure(cluster: PrivateCluster) -> dict[str, Any]:
    """CPU milliseconds of each question, and microseconds of joining one visit."""
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        name = await service.service.database.fetch_value("SELECT current_database()")
        owner = await asyncpg.connect(f"postgresql://postgres@/{name}?" + cluster.url("postgres").partition("?")[2])
        await fill(owner)
        before = cpu_seconds(cluster)
        while await sessions.join_visits(service.service):
            pass
        joining = (cpu_seconds(cluster) - before) / VISITS * 1_000_000
        await owner.execute("VACUUM ANALYZE session, session_day, session_top")
        sizes = {table: await owner.fetchval(f"SELECT count(*) FROM {table}") for table in ("session", "session_day", "session_top")}
        await owner.close()
        took: dict[str, list[float]] = {}
        used: dict[str, float] = {}
        for question, query in QUESTIONS.items():
            for repeat in range(6):
                before, begun = cpu_seconds(cluster), time.perf_counter()
                answer = await service.call("GET", f"/api/v1/sessions/figures?{query}", scopes=["interactions:read"])
                assert answer.status == 200
                if repeat:
                    took.setdefault(question, []).append((time.perf_counter() - begun) * 1000)
                    used[question] = min(used.get(question, 1e9), (cpu_seconds(cluster) - before) * 1000)
    return {"visits": VISITS, "joining_us": joining, "rows": sizes, "took_ms": took, "cpu_ms": used}


def show(result: dict[str, Any]) -> None:
    table = Table("visits", "p50 ms", "worst ms", "CPU ms", title=f"{result['visits']:,} visits; joined in {result['joining_us']:.0f} µs of CPU each; rows {result['rows']}")
    for question, took in result["took_ms"].items():
        table.add_row(question, f"{statistics.median(took):.0f}", f"{max(took):.0f}", f"{result['cpu_ms'][question]:.0f}")
    screen.print(table)


if __name__ == "__main__":
    alone.run("interaction-sessions", measure, show)
