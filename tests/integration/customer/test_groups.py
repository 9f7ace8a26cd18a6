"""Group calls of SDKs and orders of accounts, from the collector's checks to segments and metrics."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chassis.clock import Clock
from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.test_accounts import ask
from tests.integration.interaction.support import checked, settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def members(platform: TestPlatform, name: str, rule: dict[str, Any], *, count: int) -> set[str]:
    segment = await ask(platform, "POST", "/segments", {"name": name, "rule": rule}, status=201, service="analytics")
    async with asyncio.timeout(20):
        while True:
            found = (await ask(platform, "GET", f"/segments/{segment['id']}/members", service="analytics"))["data"]
            if len(found) == count:
                return {one["customer_id"] for one in found}
            await asyncio.sleep(0.1)


async def test_a_group_call_makes_account_member_segment_and_metric(cluster: PrivateCluster) -> None:
    """M18, U2: a group call ties the person to the account; its traits, its type and its orders are asked for."""
    async with started(cluster, "interaction", "customer", "analytics") as platform:
        now = Clock().now()
        sold = {"order_id": "o1", "currency": "EUR", "total": 50, "revenue": 50, "products": [{"product_id": "p", "price": 50, "quantity": 1}]}
        events: list[dict[str, Any]] = [
            {"type": "identify", "userId": "u1", "messageId": "m1", "traits": {"name": "Ada"}},
            {"type": "group", "userId": "u1", "groupId": "acme", "messageId": "m2", "traits": {"name": "Acme", "industry": "steel"}, "context": {"role": "buyer"}},
            {"type": "identify", "userId": "u2", "messageId": "m3", "traits": {"name": "Bob"}},
            {"type": "track", "userId": "u1", "event": "Order Completed", "messageId": "m4", "properties": sold},
            {"type": "track", "userId": "u2", "event": "Order Completed", "messageId": "m5", "properties": {**sold, "order_id": "o2"}},
        ]
        await platform.log.append(checked(events, received_at=now))
        await settle(platform)
        (acme,) = (await ask(platform, "GET", "/accounts"))["data"]
        assert (acme["name"], acme["traits"]["industry"], acme["identities"], acme["type"]) == ("Acme", "steel", None, "organisation")
        ((ada,), (bob,)) = [(await ask(platform, "GET", f"/customers?identity=user:{user}"))["data"] for user in ("u1", "u2")]
        listed = (await ask(platform, "GET", f"/accounts/{acme['id']}/members"))["data"]
        assert [(row["customer_id"], row["role"]) for row in listed] == [(ada["id"], "buyer")]

        assert await members(platform, "Steel", {"trait": "account.industry", "op": "eq", "value": "steel"}, count=1) == {ada["id"]}
        assert await members(platform, "Firms", {"trait": "customer_type", "op": "eq", "value": "organisation"}, count=1) == {acme["id"]}
        assert bob["id"] not in {row["customer_id"] for row in listed}
        window = f"from={now.date()}&to={now.date().replace(year=now.year + 1)}"
        figures = {
            market: (await ask(platform, "GET", f"/metrics/revenue?{window}{market}", service="analytics"))["denominator"]
            for market in ("", "&market=b2b", "&market=b2c")
        }
        assert figures == {"": 2, "&market=b2b": 1, "&market=b2c": 1}
        refused = await ask(platform, "GET", "/metrics/cac?market=b2b&by=channel", status=422, service="analytics")
        assert refused["code"] == "metric.bad_market"
        firms = await ask(platform, "GET", "/cohorts?market=b2b", service="analytics")
        assert [(row["customers"], row["active"][0]) for row in firms["data"]] == [(1, 1)]
