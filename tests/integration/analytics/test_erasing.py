"""Erasing a person in analytics: their facts go, the sums stay, and late facts go with the batch that brings them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.customer import ErasureState
from launcher.embedded_postgres import PrivateCluster
from services.analytics.store import memberships
from tests.integration.analytics.story import DAY, NOW, ask, heard, tell, until
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, event, identity, order, profile

pytestmark = pytest.mark.asyncio

ACKNOWLEDGED = "ecrm.analytics.erasure_acknowledged.v1"


async def counted(platform: TestPlatform, table: str, condition: str = "true") -> int:
    """Rows of the warehouse."""
    rows = await platform["analytics"].service.resources.read(
        lambda connection: connection.execute(f"SELECT count(*) FROM {table} WHERE {condition}").fetchall()
    )
    return int(rows[0][0])


async def test_facts_go_sums_stay_and_late_facts_bring_nothing_back(cluster: PrivateCluster) -> None:
    """U43: events, profile, scores and memberships of one are gone, those of the other and the revenue stay."""
    async with started(cluster, "analytics") as platform:
        log = platform.log
        await tell(
            log, profile(1), profile(2), belongs("a", 1), belongs("b", 2), event("a", "Seen"), event("b", "Seen"),
            order("a", "a1", net=100, at=NOW - DAY), order("b", "b1", net=300, at=NOW - DAY),
        )
        await platform.drain()
        segment_id = (await ask(platform, "POST", "/segments", {"name": "Buyers", "rule": {"orders": {"value": 1}}}, status=201))["id"]

        async def members(*expected: str) -> bool:
            found = (await ask(platform, "GET", f"/segments/{segment_id}/members"))["data"]
            return {one["customer_id"] for one in found} == set(expected)

        await until(lambda: members(customer_id(1), customer_id(2)))
        state = ErasureState(request_id="r1", customer_ids=[customer_id(1)], identities=[identity("a")], erased_at=NOW)
        await tell(log, state)
        await platform.drain()
        await until(lambda: members(customer_id(2)))

        async def told() -> bool:
            return bool(await heard(log, ACKNOWLEDGED))

        await until(told)
        await tell(log, event("a", "Late"), order("a", "a2", net=50, at=NOW - timedelta(hours=1)))
        await platform.drain()
        assert (await counted(platform, "event"), await counted(platform, "event", "name = 'Late'")) == (1, 0)
        assert await counted(platform, "customer") == 1
        assert (await counted(platform, "orders"), await counted(platform, "orders", "identity IS NULL")) == (3, 2)
        assert (await ask(platform, "GET", f"/segments/{segment_id}/members"))["data"][0]["customer_id"] == customer_id(2)
        (acknowledged,) = await heard(log, ACKNOWLEDGED)
        assert acknowledged["request_id"] == "r1"
        assert acknowledged["erased"]["warehouse.event"] == 1
        assert acknowledged["erased"]["membership"] == 1
        await tell(log, state)  # the ledger is read again after a restore
        await platform.drain()
        assert (await counted(platform, "event"), await counted(platform, "erasure")) == (1, 1)


async def test_who_registered_again_counts_again(cluster: PrivateCluster) -> None:
    async with started(cluster, "analytics") as platform:
        erased = ErasureState(request_id="r1", customer_ids=[customer_id(1)], identities=[identity("a")], erased_at=NOW)
        await tell(platform.log, profile(1), belongs("a", 1), event("a", "Seen"))
        await platform.drain()
        await tell(platform.log, erased)
        await platform.drain()
        await tell(platform.log, ErasureState(request_id="r1", customer_ids=[customer_id(1)], identities=[], erased_at=NOW))
        await platform.drain()
        await tell(platform.log, profile(3), belongs("a", 3), event("a", "Again"))
        await platform.drain()
        assert await counted(platform, "event", "name = 'Again'") == 1
        assert await counted(platform, "identity") == 1


async def test_every_table_that_names_a_customer_is_erased(cluster: PrivateCluster) -> None:
    async with started(cluster, "analytics") as platform, platform["analytics"].service.read() as db:
        rows = await db.fetch("SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'customer_id'")
    assert {row["table_name"] for row in rows} == set(memberships.ERASED)
