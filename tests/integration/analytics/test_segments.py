"""Segments: defined over HTTP, kept current by what is told, explained and frozen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis import telemetry
from chassis.clock import Clock
from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.story import DAY, NOW, ask, heard, tell, until
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile

pytestmark = pytest.mark.asyncio

ENTERED = "ecrm.analytics.segment_entered.v1"
LEFT = "ecrm.analytics.segment_left.v1"
BUYERS = {"orders": {"value": 1}}


async def make(platform: TestPlatform, name: str, rule: dict[str, Any]) -> str:
    segment_id: str = (await ask(platform, "POST", "/segments", {"name": name, "rule": rule}, status=201))["id"]

    async def evaluated() -> bool:
        return (await ask(platform, "GET", f"/segments/{segment_id}"))["members"] is not None

    await until(evaluated)
    return segment_id


async def members(platform: TestPlatform, segment_id: str) -> set[str]:
    return {one["customer_id"] for one in (await ask(platform, "GET", f"/segments/{segment_id}/members"))["data"]}


def delays() -> float:
    """How many times it was measured how long a fact took until segments had answered for it."""
    return telemetry.REGISTRY.get_sample_value("ecrm_delay_seconds_count", {"service": "analytics", "reader": "segments"}) or 0.0


async def test_members_follow_events_orders_traits_and_merges(cluster: PrivateCluster) -> None:
    """U20: entry and exit are told at most 5 s after the fact. D16: how long it took is measured."""
    async with started(cluster, "analytics") as platform:
        await tell(platform.log, *(profile(number, city="Tehran") for number in (1, 2, 3)), belongs("a", 1), belongs("b", 2), order("b", "b1", net=100, at=NOW - DAY))
        await platform.drain()
        segment_id = await make(platform, "Buyers in Tehran", {"all": [BUYERS, {"trait": "city", "op": "eq", "value": "Tehran"}]})
        assert await members(platform, segment_id) == {customer_id(2)}

        measured = delays()
        await tell(platform.log, order("a", "a1", net=100, at=NOW))

        async def both() -> bool:
            return await members(platform, segment_id) == {customer_id(1), customer_id(2)}

        await until(both, seconds=5)

        async def noted() -> bool:
            return delays() > measured

        await until(noted)
        await tell(platform.log, profile(2, city="Qom"))

        async def one() -> bool:
            return await members(platform, segment_id) == {customer_id(1)}

        await until(one, seconds=5)
        # An identity moves with a merge: 3 answers for what was 1.
        await tell(platform.log, belongs("a", 3), profile(1, merged_into=3))

        async def merged() -> bool:
            return await members(platform, segment_id) == {customer_id(3)}

        await until(merged, seconds=5)
        await platform.drain()
        assert sorted(one["customer_id"] for one in await heard(platform.log, ENTERED)) == sorted(map(customer_id, (1, 2, 3)))
        assert sorted(one["customer_id"] for one in await heard(platform.log, LEFT)) == sorted(map(customer_id, (1, 2)))


async def test_time_alone_ends_a_membership(cluster: PrivateCluster) -> None:
    """U20: a window that ends is noticed without any fact."""
    async with started(cluster, "analytics") as platform:
        await tell(platform.log, profile(1), belongs("a", 1), event("a", "Viewed", at=Clock().now() - DAY + timedelta(seconds=4)))
        await platform.drain()
        segment_id = await make(platform, "Lately", {"event": "Viewed", "within_days": 1})
        never = await make(platform, "Not lately", {"event": "Viewed", "within_days": 1, "never": True})
        assert await members(platform, segment_id) == {customer_id(1)}
        assert await members(platform, never) == set()

        async def swapped() -> bool:
            return await members(platform, segment_id) == set() and await members(platform, never) == {customer_id(1)}

        await until(swapped, seconds=10)


async def test_versions_archive_and_dependents(cluster: PrivateCluster) -> None:
    async with started(cluster, "analytics") as platform:
        await tell(platform.log, profile(1), profile(2), belongs("a", 1), order("a", "a1", net=100, at=NOW))
        await platform.drain()
        buyers = await make(platform, "Buyers", BUYERS)
        others = await make(platform, "Others", {"not": {"segment": buyers}})
        assert await members(platform, others) == {customer_id(2)}

        changed = await ask(platform, "PUT", f"/segments/{buyers}", {"name": "Buyers", "rule": {"orders": {"value": 2}}, "version": 1})
        assert changed["version"] == 2
        stale = await ask(platform, "PUT", f"/segments/{buyers}", {"name": "Buyers", "rule": BUYERS, "version": 1}, status=409)
        assert stale["code"] == "segment.version_moved"

        async def followed() -> bool:
            return await members(platform, others) == {customer_id(1), customer_id(2)} and await members(platform, buyers) == set()

        await until(followed)
        circle = await ask(platform, "PUT", f"/segments/{buyers}", {"name": "Buyers", "rule": {"segment": others}}, status=422)
        assert circle["code"] == "segment.bad_rule"
        in_use = await ask(platform, "DELETE", f"/segments/{buyers}", status=409)
        assert in_use["segments"] == ["Others"]
        await ask(platform, "DELETE", f"/segments/{others}", status=204)
        await ask(platform, "DELETE", f"/segments/{buyers}", status=204)

        async def emptied() -> bool:
            return await members(platform, others) == set()

        await until(emptied)
        assert [one["version"] for one in (await ask(platform, "GET", f"/segments/{buyers}/versions"))["data"]] == [2, 1]
        assert (await ask(platform, "GET", "/segments"))["data"] == []
        assert {one["name"] for one in (await ask(platform, "GET", "/segments?state=archived"))["data"]} == {"Buyers", "Others"}
        gone = await ask(platform, "PUT", f"/segments/{buyers}", {"name": "x", "rule": BUYERS}, status=410)
        assert gone["code"] == "segment.archived"


async def test_preview_why_and_a_frozen_audience(cluster: PrivateCluster) -> None:
    async with started(cluster, "analytics") as platform:
        count = 25
        await tell(
            platform.log, *(profile(number, city="Tehran") for number in range(1, count + 1)), *(belongs(str(number), number) for number in range(1, count + 1)),
            *(order(str(number), f"o{number}", net=100 * number, at=NOW - DAY) for number in range(1, count + 1)),
        )
        await platform.drain()
        preview = await ask(platform, "POST", "/segments/preview", {"rule": {"orders": {"measure": "sum", "op": "gt", "value": 1000}}})
        assert (preview["count"], preview["customers"], len(preview["examples"])) == (15, 25, 10)
        segment_id = await make(platform, "Buyers", BUYERS)

        first = await ask(platform, "GET", f"/segments/{segment_id}/members?snapshot=true&limit=10", scopes=["analytics:read"])
        assert (first["total"], len(first["data"])) == (25, 10)
        await tell(platform.log, order("1", "o1", net=100, at=NOW - DAY, status="cancelled", version=2))

        async def smaller() -> bool:
            return bool((await ask(platform, "GET", f"/segments/{segment_id}"))["members"] == 24)

        await until(smaller)
        seen = [one["customer_id"] for one in first["data"]]
        token = first["next_page_token"]
        while token:
            page = await ask(platform, "GET", f"/segments/{segment_id}/members?snapshot=true&limit=10&page_token={token}")
            assert page["snapshot_id"] == first["snapshot_id"]
            seen += [one["customer_id"] for one in page["data"]]
            token = page["next_page_token"]
        assert sorted(seen) == sorted(customer_id(number) for number in range(1, 26))
        again = await ask(platform, "GET", f"/segments/{segment_id}/members?snapshot_id={first['snapshot_id']}&limit=1000")
        assert [one["customer_id"] for one in again["data"]] == seen
        await ask(platform, "GET", f"/segments/{segment_id}/members?snapshot_id={uuid4()}", status=410)

        why = await ask(platform, "GET", f"/segments/{segment_id}/why/{customer_id(1)}")
        assert (why["holds"], why["clauses"]) == (False, [{"pointer": "", "kind": "orders", "holds": False, "seen": "0"}])
        await ask(platform, "GET", f"/segments/{segment_id}/why/{uuid4()}", status=404)


BAD_REQUESTS: list[tuple[str, str, Any, int, str]] = [
    ("POST", "/segments", {"name": "x", "rule": {"trait": "a", "op": "like", "value": 1}}, 422, "segment.bad_rule"),
    ("POST", "/segments", {"name": "x", "rule": {"segment": str(uuid4())}}, 422, "segment.bad_rule"),
    ("POST", "/segments", {"name": "  ", "rule": BUYERS}, 422, "request.invalid"),
    ("POST", "/segments", {"name": "x\x00", "rule": BUYERS}, 422, "request.invalid"),
    ("POST", "/segments", {"name": "x", "rule": BUYERS, "extra": 1}, 422, "request.invalid"),
    ("POST", "/segments/preview", {"rule": []}, 422, "request.invalid"),
    ("GET", "/segments/nonsense", None, 422, "request.invalid"),
    ("GET", f"/segments/{uuid4()}", None, 404, "segment.unknown"),
    ("GET", f"/segments/{uuid4()}/members", None, 404, "segment.unknown"),
    ("GET", f"/segments/{uuid4()}/members?snapshot=true", None, 404, "segment.unknown"),
    ("GET", "/segments?page_token=bad", None, 422, "page.bad_token"),
    ("GET", "/segments?limit=0", None, 422, "request.invalid"),
    ("DELETE", f"/segments/{uuid4()}", None, 404, "segment.unknown"),
]


async def test_bad_requests(running: TestPlatform) -> None:
    for method, path, body, status, code in BAD_REQUESTS:
        assert (await ask(running, method, path, body, status=status))["code"] == code, (method, path)


async def test_names_are_unique_and_scopes_are_asked_for(running: TestPlatform) -> None:
    await ask(running, "POST", "/segments", {"name": "Twice", "rule": BUYERS}, status=201)
    assert (await ask(running, "POST", "/segments", {"name": "twice", "rule": BUYERS}, status=409))["code"] == "segment.name_taken"
    await ask(running, "POST", "/segments", {"name": "y", "rule": BUYERS}, status=403, scopes=["analytics:read"])
    await ask(running, "GET", "/segments", status=401, scopes=None)
    bad = await ask(running, "POST", "/segments/preview", {"rule": {"all": [{"stage": "won"}]}}, status=422)
    assert bad["errors"] == [{"pointer": "/rule/all/0/stage", "detail": "give one of: acquire, enhance, retain"}]
    assert (await ask(running, "GET", "/schemas/segment"))["$defs"]["rule"]["oneOf"]
