"""Rules of retention over all services: given as data, counted first, then acted on by the services that own the rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from launcher.embedded_postgres import PrivateCluster
from services.consent import commands
from tests.integration.interaction.support import checked, track
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="module")

RETENTION = "/api/v1/privacy/retention"
SCOPES = ["privacy:manage", "customers:write", "customers:read"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def platform(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, "customer", "consent", "analytics", "campaign", "interaction") as running:
        yield running


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, service: str = "consent", status: int = 200) -> Any:
    answer = await platform[service].call(method, path, json=body, scopes=SCOPES)
    assert answer.status == status, (answer.status, answer.body)
    return answer.json()


async def ran(platform: TestPlatform, *, dry_run: bool) -> dict[str, Any]:
    made = await ask(platform, "POST", f"{RETENTION}/runs", {"dry_run": dry_run}, status=202)
    async with asyncio.timeout(20):
        while (found := await ask(platform, "GET", f"{RETENTION}/runs/{made['id']}"))["state"] != "done":
            await asyncio.sleep(0.1)
    return dict(found)


async def ages(platform: TestPlatform) -> None:
    """Everything that was stored is three years older now."""
    async with platform["interaction"].service.transaction() as tx:
        await tx.db.execute("UPDATE interaction SET received_at = received_at - interval '3 years'")
    await platform["analytics"].service.resources.write(lambda connection: connection.execute("UPDATE event SET received_at = received_at - INTERVAL 3 YEAR").fetchall())


async def test_old_rows_are_counted_then_ended_in_every_service(platform: TestPlatform) -> None:
    """U43: a dry run counts and changes nothing; the run ends exactly that; both are kept for audits."""
    await ask(platform, "POST", "/api/v1/customers", {"identities": ["user:old"], "traits": {}}, service="customer", status=201)
    await platform.log.append(checked([track("old", "Seen", f"old-{number}") for number in range(4)]))
    await platform.drain()
    await ages(platform)
    await platform.log.append(checked([track("old", "Seen", f"new-{number}") for number in range(2)]))
    await platform.drain()
    listed = await ask(platform, "GET", RETENTION)
    assert {"interaction/interaction", "analytics/warehouse.event"} <= set(next(one for one in listed["data"] if one["category"] == "activity")["places"])
    rules = {"rules": [{"category": "activity", "days": 730, "reason": "two seasons are compared"}]}
    kept = await ask(platform, "PUT", RETENTION, rules)
    assert [(one["category"], one["days"]) for one in kept["data"] if one["days"]] == [("activity", 730)]
    refused = await ask(platform, "POST", f"{RETENTION}/runs", {"dry_run": False}, status=409)
    assert refused["code"] == "privacy.dry_run_first"
    counted = await ran(platform, dry_run=True)
    assert (counted["counts"]["interaction"]["activity"]["interaction"], counted["counts"]["analytics"]["activity"]["warehouse.event"]) == (4, 4)
    assert await events(platform) == (6, 6)
    acted = await ran(platform, dry_run=False)
    assert (acted["counts"]["interaction"]["activity"]["interaction"], acted["counts"]["analytics"]["activity"]["warehouse.event"]) == (4, 4)
    assert await events(platform) == (2, 2)
    again = await ran(platform, dry_run=False)
    assert again["counts"]["interaction"]["activity"]["interaction"] == 0
    runs = await ask(platform, "GET", f"{RETENTION}/runs")
    assert [(one["dry_run"], one["actor"]) for one in runs["data"]] == [(False, "key:test"), (False, "key:test"), (True, "key:test")]
    # The daily run: not twice a day, and rules that nobody tried wait.
    service = platform["consent"].service
    await commands.ask_daily_run(service)
    assert len((await ask(platform, "GET", f"{RETENTION}/runs"))["data"]) == 3
    async with service.transaction() as tx:
        await tx.db.execute("UPDATE retention_run SET asked_at = asked_at - interval '2 days'")
    await ask(platform, "PUT", RETENTION, {"rules": [{"category": "activity", "days": 365, "reason": "one season"}]})
    await commands.ask_daily_run(service)
    assert len((await ask(platform, "GET", f"{RETENTION}/runs"))["data"]) == 3
    await ask(platform, "PUT", RETENTION, rules)
    await commands.ask_daily_run(service)
    assert (await ask(platform, "GET", f"{RETENTION}/runs"))["data"][0]["actor"] == "platform"


async def events(platform: TestPlatform) -> tuple[int, int]:
    async with platform["interaction"].service.read() as db:
        stored = await db.fetchval("SELECT count(*) FROM interaction")
    loaded = await platform["analytics"].service.resources.read(lambda connection: connection.execute("SELECT count(*) FROM event").fetchone()[0])
    return stored, loaded


async def test_every_declared_table_can_be_counted_and_ended(platform: TestPlatform) -> None:
    """Each statement runs, with nothing to do."""
    places = await ask(platform, "GET", RETENTION)
    await ask(platform, "PUT", RETENTION, {"rules": [{"category": one["category"], "days": 36_500, "reason": "as long as possible"} for one in places["data"]]})
    for dry_run in (True, False):
        found = await ran(platform, dry_run=dry_run)
        counted = {f"{service}/{table}": number for service, categories in found["counts"].items() for tables in categories.values() for table, number in tables.items()}
        assert set(counted) == {place for one in places["data"] for place in one["places"]} and set(counted.values()) == {0}


BAD: list[tuple[str, str, Any, int, str]] = [
    ("PUT", "", {"rules": [{"category": "nonsense", "days": 10, "reason": "x"}]}, 422, "privacy.unknown_category"),
    ("PUT", "", {"rules": [{"category": "activity", "days": 10, "reason": "x"}, {"category": "activity", "days": 11, "reason": "x"}]}, 422, "privacy.double_rule"),
    ("PUT", "", {"rules": [{"category": "activity", "days": 0, "reason": "x"}]}, 422, "request.invalid"),
    ("PUT", "", {"rules": [{"category": "activity", "days": 10, "reason": ""}]}, 422, "request.invalid"),
    ("GET", "/runs/0191b000-0000-7000-8000-00000000dead", None, 404, "privacy.unknown_run"),
]


async def test_bad_rules(platform: TestPlatform) -> None:
    for method, path, body, status, code in BAD:
        assert (await ask(platform, method, RETENTION + path, body, status=status))["code"] == code, body
    answer = await platform["consent"].call("GET", RETENTION, scopes=["consent:write"])
    assert answer.status == 403
