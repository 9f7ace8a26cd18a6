"""D12: systems of others feed in by API, by CloudEvents and by batch; the same load a second time changes nothing (files: tests/integration/importing)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.sources.support import source, track
from tests.integration.interaction.support import settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")

#: Everything that a load may change; times of the second load aside.
STATE = {
    "orders": "SELECT order_id, identity, status, paid_minor, version, state FROM orders ORDER BY order_id",
    "lines": "SELECT order_id, position, product_id, quantity, price_minor FROM order_line ORDER BY 1, 2",
    "versions": "SELECT order_id, version, kind FROM order_version ORDER BY 1, 2",
    "refunds": "SELECT order_id, refund_id, amount_minor FROM refund ORDER BY 1, 2",
    "events": "SELECT id, kind, channel, record FROM interaction ORDER BY id",
    "cases": "SELECT number, status FROM support_case ORDER BY number",
    "quarantine": "SELECT id FROM quarantine",
    "notices": "SELECT id FROM notice",
}


async def state(platform: TestPlatform) -> dict[str, list[tuple[Any, ...]]]:
    await settle(platform)
    async with platform["interaction"].service.read() as db:
        return {name: [tuple(row) for row in await db.fetch(statement)] for name, statement in STATE.items()}


async def test_the_same_load_twice_changes_nothing(cluster: PrivateCluster) -> None:
    goods = {"total": "27.50", "currency": "EUR", "products": [{"product_id": "p1", "price": "27.50", "quantity": 1}]}
    async with started(cluster, "interaction") as platform:
        service, till = platform["interaction"], await source(platform)
        events = [
            track("Order Completed", {"order_id": "b1", **goods}, user="u1", timestamp="2026-03-01T10:00:00Z"),
            track("Order Refunded", {"order_id": "b1", "refund_id": "r1", "total": 5}, user="u1", timestamp="2026-03-02T10:00:00Z"),
        ]
        clouds = [
            {
                "specversion": "1.0", "id": f"erp-{number}", "source": "/erp", "type": "ecrm.order.completed.v1", "subject": "user:u2",
                "time": f"2026-03-0{number}T10:00:00Z", "data": {"order_id": f"c{number}", **goods},
            }
            for number in (1, 2, 3)
        ]

        async def load() -> None:
            for number in (1, 2):
                body = {"id": f"order-{number}", "customer": "user:u3", "order_id": f"a{number}", "ordered_at": "2026-03-01T10:00:00Z", **goods}
                answer = await service.call("POST", "/api/v1/orders", json=body, scopes=["interactions:write"])
                assert answer.status == 202, answer.json()
            call = {"id": "call-1", "kind": "call", "customer": "user:u3", "initiator": "customer", "answered": True, "duration_s": 5, "occurred_at": "2026-03-01T10:00:00Z"}
            assert (await service.call("POST", "/api/v1/interactions", json=call, scopes=["interactions:write"])).status == 202
            assert (await till.send(events))["accepted"] == 2
            posted = await till.post(json.dumps(clouds).encode(), path="/v1/events", headers={"content-type": "application/cloudevents-batch+json"})
            assert posted.status == 200, posted.body

        await load()
        once = await state(platform)
        assert {row[0] for row in once["orders"]} == {"a1", "a2", "b1", "c1", "c2", "c3"}
        assert len(once["events"]) == 8
        await load()
        await asyncio.gather(load(), load())
        assert await state(platform) == once
