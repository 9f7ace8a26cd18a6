"""What survives a death between any two steps."""

from __future__ import annotations

import uuid
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from chassis.eventlog import Partition
from launcher.embedded_postgres import PrivateCluster
from services.analytics.commands import loading
from tests.integration.analytics.story import DAY, NOW, ask, heard, tell, until
from tests.support.platform import TestPlatform, new_log, started
from tests.unit.analytics.shop import belongs, customer_id, event, identity, order, profile, stored

pytestmark = pytest.mark.asyncio

ENTERED, LEFT = "ecrm.analytics.segment_entered.v1", "ecrm.analytics.segment_left.v1"


async def _members(platform: TestPlatform, segment_id: str) -> set[str]:
    return {one["customer_id"] for one in (await ask(platform, "GET", f"/segments/{segment_id}/members"))["data"]}


async def test_loaded_but_not_evaluated_and_a_lost_warehouse(cluster: PrivateCluster, tmp_path: Path) -> None:
    """Facts loaded before a death are evaluated after it; a warehouse file that is lost is filled again from the log, and nobody leaves."""
    run = uuid.uuid4().hex[:8]
    path = tmp_path / "facts.duckdb"
    given = {"analytics": {"warehouse_path": str(path)}}
    async with AsyncExitStack() as stack:
        log = await new_log(cluster, stack, run)
        async with started(cluster, "analytics", log=log, run=run, given=given) as platform:
            await tell(log, profile(1), profile(2), belongs("a", 1), belongs("b", 2), order("a", "a1", net=100, at=NOW - DAY))
            await platform.drain()
            segment_id = (await ask(platform, "POST", "/segments", {"name": "Buyers", "rule": {"orders": {"value": 1}}}, status=201))["id"]

            async def first() -> bool:
                return await _members(platform, segment_id) == {customer_id(1)}

            await until(first)
            await platform.drain()

        await tell(log, order("b", "b1", net=100, at=NOW - DAY))
        async with started(cluster, "analytics", log=log, run=run, given=given, read=False) as platform:
            keeper = loading.WarehouseKeeper(platform["analytics"].service)
            for number in range(await log.partitions("ecrm.interaction.facts")):
                partition = Partition("ecrm.interaction.facts", number)
                begin = (await keeper.positions("analytics.warehouse", [partition]))[partition] or 0
                if records := await log.read(partition, begin):
                    await keeper.apply("analytics.warehouse", {partition: records})

        async def both() -> bool:
            return await _members(platform, segment_id) == {customer_id(1), customer_id(2)}

        async with started(cluster, "analytics", log=log, run=run, given=given) as platform:
            await until(both)
            await platform.drain()

        path.unlink()
        async with started(cluster, "analytics", log=log, run=run, given=given) as platform:
            await platform.drain()

            async def evaluated_anew() -> bool:
                found = await platform["analytics"].service.database.fetch_value("SELECT birth::text FROM evaluation")
                current = await platform["analytics"].service.database.fetch_value("SELECT count(*) FROM segment WHERE evaluated_at IS NULL")
                return bool(found == platform["analytics"].service.resources.birth and current == 0)

            await until(evaluated_anew)
            assert await _members(platform, segment_id) == {customer_id(1), customer_id(2)}
            await platform.drain()
        assert sorted(one["customer_id"] for one in await heard(log, ENTERED)) == [customer_id(1), customer_id(2)]
        assert await heard(log, LEFT) == []


async def test_a_bad_value_goes_to_the_rejects_and_the_rest_is_loaded(running: TestPlatform) -> None:
    service = running["analytics"].service
    keeper = loading.WarehouseKeeper(service)
    partition = Partition("ecrm.interaction", 0)
    good = stored(event("a", "Good"), offset=0)
    assert good.value is not None
    bad = good._replace(offset=1, value=good.value.replace(identity("a").encode(), b"z" * 32))
    await keeper.apply("other", {partition: [good, bad, good._replace(offset=2)]})
    assert await keeper.positions("other", [partition]) == {partition: 3}
    assert await service.resources.read(lambda c: c.execute("SELECT count(*) FROM event").fetchall()) == [(2,)]
    answer = await running["analytics"].call("GET", "/internal/rejects")
    assert [(one["offset"], one["cause"]) for one in answer.json()["data"]] == [(1, "ValueError")]
    assert (await running["analytics"].call("GET", "/internal/rejects", scopes=["analytics:read"])).status == 403
