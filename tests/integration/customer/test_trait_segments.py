"""Typed traits in segment rules: dates, numbers and yes/no, from the customer service to the members of a segment."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.story import until
from tests.integration.customer.asking import ask, registered
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

RULES: dict[str, tuple[dict[str, Any], set[int]]] = {
    "Born before 1990": ({"trait": "birthday", "op": "before", "value": "1990-01-01T00:00:00Z"}, {0}),
    "Two children or more": ({"trait": "children", "op": "gte", "value": 2}, {1, 2}),
    "Wants paper": ({"trait": "paper", "op": "eq", "value": True}, {0, 2}),
    "Both": ({"all": [{"trait": "children", "op": "gt", "value": 0.5}, {"trait": "paper", "op": "eq", "value": True}]}, {2}),
}


async def members(platform: TestPlatform, segment: str) -> set[str] | None:
    one = await platform["analytics"].call("GET", f"/api/v1/segments/{segment}")
    if one.json()["members"] is None:
        return None
    listed = await platform["analytics"].call("GET", f"/api/v1/segments/{segment}/members")
    return {row["customer_id"] for row in listed.json()["data"]}


async def test_typed_traits_make_segments(cluster: PrivateCluster) -> None:
    """D3: each typed attribute can be used in segments; a sensitive one is not."""
    async with started(cluster, "customer", "analytics") as platform:
        for name, schema in {
            "birthday": {"type": "string", "format": "date"}, "children": {"type": "integer", "minimum": 0}, "paper": {"type": "boolean"},
        }.items():
            assert (await ask(platform, "PUT", f"/traits/{name}", {"schema": schema})).status == 201
        assert (await ask(platform, "PUT", "/traits/faith", {"schema": {"type": "string"}, "classification": "sensitive"})).status == 201
        people = [
            await registered(platform, "user:1", birthday="1985-05-05", children=0, paper=True, faith="x"),
            await registered(platform, "user:2", birthday="1995-05-05", children=2, paper=False, faith="x"),
            await registered(platform, "user:3", birthday="2001-01-01", children=3, paper=True, faith="x"),
        ]
        await platform.drain()
        for name, (rule, expected) in {**RULES, "By faith": ({"trait": "faith", "op": "eq", "value": "x"}, set[int]())}.items():
            made = await platform["analytics"].call("POST", "/api/v1/segments", json={"name": name, "rule": rule})
            assert made.status == 201, made.body
            wanted = {people[number] for number in expected}

            async def reached(segment: str = made.json()["id"], wanted: set[str] = wanted) -> bool:
                return await members(platform, segment) == wanted

            await until(reached)
