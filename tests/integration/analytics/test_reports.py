"""Reports: dashboards now, runs on a schedule, told to webhooks and mailed through the campaign service."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import pytest_asyncio

from launcher.embedded_postgres import PrivateCluster
from services.analytics.commands import reporting as commands
from services.analytics.domain import reporting
from services.analytics.domain.reporting import Schedule
from services.analytics.queries import reporting as queries
from tests.integration.analytics.story import DAY, NOW, ask, heard, tell, until
from tests.support.platform import TestPlatform, new_log, started
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile

pytestmark = pytest.mark.asyncio(loop_scope="module")

MADE = "ecrm.analytics.report_made.v1"
FIGURES: list[dict[str, Any]] = [
    {"key": "revenue", "metric": "revenue", "days": 30, "trend": 3}, {"key": "orders", "sql": "SELECT count(*) FROM orders"},
    {"key": "by_name", "sql": "SELECT name, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"},
]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shop(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, "analytics", "campaign") as platform:
        await tell(
            platform.log, profile(1), belongs("a", 1), order("a", "a1", net=100, at=NOW - 8 * DAY), order("a", "a2", net=50, at=NOW - 9 * DAY), event("a", "Seen", at=NOW),
        )
        await platform.drain()
        yield platform


async def test_a_report_is_a_dashboard_now_and_a_run_that_is_told_and_mailed(shop: TestPlatform) -> None:
    """U26: figures as JSON with series, rows of SQL; each due moment is made once and mailed under one key."""
    template = uuid.uuid4()
    body = {
        "name": "Monday", "figures": FIGURES, "every": "week", "weekday": 0, "at": "07:30", "recipients": [{"customer_id": customer_id(1), "template_id": str(template)}],
    }
    made = await ask(shop, "POST", "/reports", body, status=201)
    where = f"/reports/{made['id']}"
    due = datetime.fromisoformat(made["next_at"])
    assert (due.weekday(), due.strftime("%H:%M")) == (0, "07:30")
    assert timedelta() < due - datetime.now(UTC) <= 7 * DAY
    now = await ask(shop, "GET", f"{where}/figures")
    assert now["figures"] == {"revenue": 150, "orders": 2, "by_name": None}
    assert [len(one["trend"]["values"]) for one in now["answers"][:1]] == [3]
    assert now["answers"][2]["rows"] == [["Seen", 1]]
    assert (await ask(shop, "GET", f"{where}/runs"))["data"] == []

    service = shop["analytics"].service
    async with service.transaction() as tx:
        await tx.db.execute("UPDATE report SET next_at = now() - interval '15 days'")

    async def once() -> bool:
        return len((await ask(shop, "GET", f"{where}/runs"))["data"]) == 1

    await until(once)
    later = datetime.fromisoformat((await ask(shop, "GET", where))["next_at"])
    assert timedelta() < later - datetime.now(UTC) <= 7 * DAY, "missed ones are made once"
    (run,) = (await ask(shop, "GET", f"{where}/runs"))["data"]
    assert run["figures"]["revenue"] == 150
    whole = await ask(shop, "GET", f"{where}/runs/{run['id']}")
    assert whole["answers"][2]["rows"] == [["Seen", 1]]

    async def refused() -> bool:
        (mail,) = (await ask(shop, "GET", f"{where}/runs/{run['id']}"))["deliveries"]
        return bool(mail["reason"])

    await until(refused)
    (mail,) = (await ask(shop, "GET", f"{where}/runs/{run['id']}"))["deliveries"]
    assert (mail["state"], mail["reason"]) in {("waiting", "template.unknown"), ("failed", "template.unknown")}

    again = await ask(shop, "POST", f"{where}/runs", status=201)
    assert again["figures"] == now["figures"]
    await shop.drain()
    told = [one for one in await heard(shop.log, MADE) if one["report_id"] == made["id"]]
    assert {one["path"] for one in told} == {f"/api/v1{where}/runs/{run['id']}", f"/api/v1{where}/runs/{again['id']}"}
    assert all(one["figures"] == now["figures"] for one in told)
    await ask(shop, "DELETE", where, status=204)
    await ask(shop, "GET", where, status=404)
    assert not await commands.make_due(service, answer=queries.answer)


async def test_a_run_is_made_once_and_survives_a_death_between_two_steps(cluster: PrivateCluster) -> None:
    """U26: the run, its fact and its mails are one transaction; a second try for the same moment adds nothing."""
    run = uuid.uuid4().hex[:8]
    async with AsyncExitStack() as stack:
        log = await new_log(cluster, stack, run)
        async with started(cluster, "analytics", log=log, run=run) as platform:
            service = platform["analytics"].service
            made = await ask(platform, "POST", "/reports", {"name": "Daily", "figures": FIGURES[1:2], "every": "day"}, status=201)
            moment = datetime(2026, 1, 5, 7, tzinfo=UTC)
            for _ in range(2):
                async with service.read() as db:
                    row: Any = await db.fetchrow("SELECT * FROM report")
                await commands.make(service, dict(row) | {"questions": FIGURES_STORED}, due_at=moment, next_at=row["next_at"], answer=queries.answer)
            assert len((await ask(platform, "GET", f"/reports/{made['id']}/runs"))["data"]) == 1
            await platform.drain()
            assert len(await heard(log, MADE)) == 1


FIGURES_STORED = [{"key": "orders", "sql": "SELECT count(*) FROM orders", "metric": None, "segment": None, "by": None, "market": None, "trend": None, "days": None, "limit": 100}]


async def test_bad_requests(shop: TestPlatform) -> None:
    one = FIGURES[1:2]
    body: dict[str, Any]
    for body, pointer in (
        ({"name": "x", "figures": [{"key": "a", "metric": "luck"}]}, "metric.unknown"), ({"name": "x", "figures": [{"key": "a", "sql": "DROP TABLE orders"}]}, "query.refused"),
        ({"name": "x", "figures": [{"key": "a", "segment": str(uuid.uuid4())}]}, "segment.unknown"),
        ({"name": "x", "figures": [{"key": "a", "metric": "revenue", "by": "shoe"}]}, "metric.bad_grouping"),
    ):
        refused = await ask(shop, "POST", "/reports", body, status=422)
        assert refused["code"] == "report.bad_figure"
        assert pointer in refused["errors"][0]["detail"]
    for body in (
        {"name": "x", "figures": []}, {"name": "x", "figures": [{"key": "a"}]}, {"name": "x", "figures": [{"key": "a", "sql": "SELECT 1", "metric": "revenue"}]},
        {"name": "x", "figures": [one[0], one[0]]}, {"name": "x", "figures": one, "at": "25:00"}, {"name": "x", "figures": one, "every": "hour"},
        {"name": "x", "figures": one, "recipients": [{"customer_id": customer_id(1), "template_id": str(uuid.uuid4())}] * 2},
    ):
        assert (await ask(shop, "POST", "/reports", body, status=422))["code"] == "request.invalid"
    await ask(shop, "POST", "/reports", {"name": "Twice", "figures": one}, status=201)
    assert (await ask(shop, "POST", "/reports", {"name": "twice", "figures": one}, status=409))["code"] == "report.name_taken"
    async with shop["analytics"].service.transaction() as tx:
        await tx.db.execute(
            """
            INSERT INTO report (report_id, name, questions, schedule, created_by, created_at, updated_at)
            SELECT gen_random_uuid(), 'many ' || n, '[]', '{}', 'test', now(), now() FROM generate_series(1, 200) n
            """
        )
    assert (await ask(shop, "POST", "/reports", {"name": "One more", "figures": one}, status=409))["code"] == "report.too_many"
    async with shop["analytics"].service.transaction() as tx:
        await tx.db.execute("DELETE FROM report WHERE name LIKE 'many %'")
    unknown = uuid.uuid4()
    assert (await ask(shop, "GET", f"/reports/{unknown}", status=404))["code"] == "report.unknown"
    assert (await ask(shop, "GET", f"/reports/{unknown}/runs/{unknown}", status=404))["code"] == "report.unknown_run"
    await ask(shop, "POST", "/reports", {"name": "x", "figures": one}, status=403, scopes=["analytics:read"])


async def test_due_moments_follow_the_organisations_clock_and_calendar() -> None:
    at = time(7)
    tehran = "Asia/Tehran"
    assert reporting.due_after(Schedule("day", at), datetime(2026, 3, 1, 3, 30, tzinfo=UTC), tehran) == datetime(2026, 3, 2, 3, 30, tzinfo=UTC)
    assert reporting.due_after(Schedule("week", at, weekday=5), datetime(2026, 3, 1, tzinfo=UTC), tehran) == datetime(2026, 3, 7, 3, 30, tzinfo=UTC)
    assert reporting.due_after(Schedule("month", at, calendar="jalali"), datetime(2026, 3, 1, tzinfo=UTC), tehran) == datetime(2026, 3, 21, 3, 30, tzinfo=UTC)
    assert reporting.due_after(Schedule("month", at), datetime(2026, 12, 5, tzinfo=UTC), "UTC") == datetime(2027, 1, 1, 7, tzinfo=UTC)
    assert reporting.due_after(Schedule("never", at), NOW, "UTC") is None
    # The clock skips 02:30 on 29 March 2026 in Berlin.
    assert reporting.due_after(Schedule("day", time(2, 30)), datetime(2026, 3, 28, 12, tzinfo=UTC), "Europe/Berlin") == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert [reporting.pause_after(tries) is None for tries in (1, 5, 6)] == [False, False, True]
