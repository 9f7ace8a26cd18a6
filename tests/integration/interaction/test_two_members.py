"""Two members of the recorder's group at once: the same orders and the same ids come to both."""

from __future__ import annotations

import pytest

from contracts.envelope import ORIGIN, header
from contracts.interaction import OrderPlaced
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.support import checked, facts, read_all, settle, source, track
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


async def test_orders_and_duplicates_that_meet_in_two_partitions_count_once(cluster: PrivateCluster) -> None:
    browser = source("site", kind="browser")
    order = {"total": 5, "currency": "EUR"}
    records = []
    for number in range(150):
        told = {**order, "order_id": f"o{number}"}
        records += checked([track(f"u{number}", "Order Completed", f"s{number}", told, timestamp="2026-02-01T10:00:00Z")])
        visitor = {
            "type": "track", "anonymousId": f"a{number}", "event": "Order Completed", "messageId": f"b{number}", "properties": told,
            "timestamp": "2026-02-01T10:00:05Z",
        }
        records += checked([visitor], settings=browser)
        records += checked([track(f"u{number}", "Same id", f"x{number}"), track(f"v{number}", "Same id", f"x{number}")])
    async with started(cluster, "interaction", run="twomembers") as first, started(cluster, "interaction", run="twomembers") as second:
        for begin in range(0, len(records), 100):
            await first.log.append(records[begin : begin + 100])
        await settle(first)
        await settle(second)
        placed = await facts(first.log, "ecrm.interaction.order_placed.v1", OrderPlaced)
        told_records = await read_all(first.log, "ecrm.interaction")
        async with first["interaction"].service.read() as db:
            counted = await db.fetchrow("SELECT sum(stored) AS stored, sum(conflict) AS conflict, sum(duplicate) AS duplicate FROM intake")
            stored = await db.fetch("SELECT collected_partition, collected_offset FROM interaction ORDER BY 1, 2")
            orders = await db.fetch("SELECT order_id, identity, version FROM orders")
        known = first["interaction"].service
        expected = {f"o{number}": known.hash_identity(f"user:u{number}") for number in range(150)}
    assert counted is not None
    assert dict(counted) == {"stored": 450, "conflict": 150, "duplicate": 0}
    assert sorted(fact.order_id for fact in placed) == sorted(expected)
    assert {row["order_id"]: row["identity"] for row in orders} == expected
    seen, last = [], dict.fromkeys(range(4), -1)
    for record in told_records:
        origin = int(header(record.headers, ORIGIN) or b"")
        if origin > last[record.partition]:
            last[record.partition] = origin
            seen.append((record.partition, origin))
    assert sorted(seen) == [tuple(row) for row in stored]
