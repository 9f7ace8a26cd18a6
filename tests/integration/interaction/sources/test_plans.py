"""U9: tracking plans: what a strict plan does not allow is set aside with its reason, shown, corrected and released; nothing good is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.sources.support import Source, source, track
from tests.integration.interaction.support import settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")

PLAN: dict[str, Any] = {
    "mode": "strict",
    "events": {
        "Product Viewed": {
            "description": "A product page was seen",
            "schema": {
                "type": "object", "required": ["product_id"],
                "properties": {
                    "product_id": {"type": "string"}, "price": {"type": "number", "minimum": 0},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
        "Signed Up": {},
    },
    "types": {"identify": {"type": "object", "properties": {"age": {"type": "integer"}}}},
}


async def put(platform: TestPlatform, shop: Source, plan: dict[str, Any], *, headers: dict[str, str] | None = None, expect: int = 200) -> Any:
    answer = await platform["interaction"].call("PUT", f"/api/v1/sources/{shop.id}/plan", json=plan, headers=headers)
    assert answer.status == expect, answer.body
    return answer


async def get(platform: TestPlatform, path: str, **more: Any) -> Any:
    answer = await platform["interaction"].call("GET", path, **more)
    assert answer.status == 200, answer.body
    return answer.json()


async def stored(platform: TestPlatform) -> list[str]:
    async with platform["interaction"].service.read() as db:
        return sorted(row[0] for row in await db.fetch("SELECT record::jsonb->>'name' FROM interaction"))


async def test_a_strict_plan_sets_aside_what_it_does_not_allow_and_nothing_good_is_lost(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop = await source(platform)
        await put(platform, shop, PLAN)
        good = track("Product Viewed", {"product_id": "p1", "price": 5})
        broken = track("Product Viewed", {"price": -1, "tags": ["a", 7]})
        unplanned = track("Product Veiwed", {"product_id": "p1"})
        person = {"type": "identify", "userId": "u1", "traits": {"age": "forty"}}
        answer = await shop.send([good, broken, unplanned, track("Signed Up"), person, {"type": "page", "userId": "u1"}])
        assert (answer["accepted"], answer["rejected"]) == (6, [])
        await shop.send([broken])  # what is sent again is set aside once
        await settle(platform)
        assert await stored(platform) == ["", "Product Viewed", "Signed Up"]

        listed = (await get(platform, f"/api/v1/quarantine?source={shop.id}"))["data"]
        found = {entry["message_id"]: entry for entry in listed}
        assert len(listed) == 3
        entry = found[broken["messageId"]]
        assert entry["code"] == "plan_violation"
        assert sorted((fault["pointer"], fault["keyword"]) for fault in entry["errors"]) == [
            ("/properties/price", "minimum"), ("/properties/product_id", "required"), ("/properties/tags/1", "type"),
        ]
        assert found[unplanned["messageId"]]["code"] == "unplanned_event"
        violations = (await get(platform, f"/api/v1/sources/{shop.id}/violations"))["data"]
        assert {(v["name"], v["pointer"], v["keyword"], v["count"]) for v in violations} == {
            ("Product Viewed", "/properties/price", "minimum", 1), ("Product Viewed", "/properties/product_id", "required", 1),
            ("Product Viewed", "/properties/tags/*", "type", 1), ("Product Veiwed", "", "unplanned", 1), ("identify", "/traits/age", "type", 1),
        }
        names = {(n["kind"], n["name"]): n for n in (await get(platform, f"/api/v1/sources/{shop.id}/events"))["data"]}
        assert (names["track", "Product Viewed"]["stored"], names["track", "Product Viewed"]["violating"]) == (1, 1)
        assert (names["track", "Product Veiwed"]["planned"], names["page", ""]["planned"]) == (False, True)
        async with platform["interaction"].service.read() as db:
            counted = await db.fetchrow("SELECT sum(stored) AS stored, sum(violated) AS violated, sum(duplicate) AS duplicate FROM intake")
        assert dict(counted or {}) == {"stored": 3, "violated": 3, "duplicate": 1}


async def test_what_was_set_aside_is_corrected_and_released_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        shop = await source(platform)
        await put(platform, shop, PLAN)
        sent = track("Product Viewed", {"price": "5"}, timestamp="2026-01-02T03:04:05Z")
        await shop.send([sent])
        await settle(platform)
        entry = (await get(platform, "/api/v1/quarantine"))["data"][0]
        release = f"/api/v1/quarantine/{entry['id']}/release"
        again = await service.call("POST", release, json={})
        assert (again.status, again.json()["code"]) == (422, "quarantine.not_as_planned")
        assert {fault["pointer"] for fault in again.json()["errors"]} == {"/properties/price", "/properties/product_id"}
        wrong = await service.call("POST", release, json={"payload": {**sent, "event": ""}})
        assert (wrong.status, wrong.json()["code"]) == (422, "interaction.missing_event")
        done = await service.call("POST", release, json={"payload": {**sent, "properties": {"price": 5, "product_id": "p1"}}})
        assert done.status == 200, done.body
        assert (await service.call("POST", release, json={})).status == 409
        await settle(platform)
        async with service.service.read() as db:
            rows = await db.fetch("SELECT occurred_at, record::jsonb AS r FROM interaction")
        assert len(rows) == 1
        assert rows[0]["occurred_at"].isoformat() == "2026-01-02T03:04:05+00:00"
        assert '"released"' in rows[0]["r"]
        assert (await get(platform, "/api/v1/quarantine"))["data"] == []

        await shop.send([track("New Thing", {"n": 1})])
        await settle(platform)
        entry = (await get(platform, "/api/v1/quarantine"))["data"][0]
        await put(platform, shop, {**PLAN, "events": {**PLAN["events"], "New Thing": {}}})
        assert (await service.call("POST", f"/api/v1/quarantine/{entry['id']}/release", json={})).status == 200
        await settle(platform)
        assert await stored(platform) == ["New Thing", "Product Viewed"]


async def test_an_open_plan_stores_everything_and_notes_what_it_does_not_know(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop = await source(platform)
        await put(platform, shop, {**PLAN, "mode": "open"})
        await shop.send([track("Mystery"), track("Product Viewed", {}), track("Signed Up")])
        await settle(platform)
        async with platform["interaction"].service.read() as db:
            rows = await db.fetch("SELECT record::jsonb->>'name' AS name, record::jsonb->'notes' AS notes FROM interaction")
        assert {(row["name"], row["notes"]) for row in rows} == {
            ("Mystery", '["unplanned_event"]'), ("Product Viewed", '["plan_violation"]'), ("Signed Up", None),
        }
        assert (await get(platform, "/api/v1/quarantine"))["data"] == []
        assert len((await get(platform, f"/api/v1/sources/{shop.id}/violations"))["data"]) == 2


async def test_versions_are_kept_and_nobody_overwrites_anothers_change(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        shop = await source(platform)
        path = f"/api/v1/sources/{shop.id}/plan"
        assert (await service.call("GET", path)).json()["code"] == "plan.unknown"
        first = await put(platform, shop, PLAN)
        assert first.headers["etag"] == '"1"'
        await put(platform, shop, {"mode": "open"}, headers={"if-match": '"1"'})
        late = await put(platform, shop, PLAN, expect=412, headers={"if-match": '"1"'})
        assert late.json()["code"] == "plan.changed_meanwhile"
        assert (await get(platform, path))["mode"] == "open"
        assert (await get(platform, f"{path}?version=1"))["events"] == PLAN["events"]
        assert (await service.call("GET", path, headers={"if-none-match": '"2"'})).status == 304
        versions = (await get(platform, f"{path}/versions"))["data"]
        assert [(version["version"], version["changed_by"]) for version in versions] == [(2, "key:test"), (1, "key:test")]
        for plan, pointer in (
            ({"mode": "strict", "events": {"A/b": {"schema": {"type": "objct"}}}}, "/events/A~1b/schema/type"),
            ({"types": {"page": {"$ref": "http://127.0.0.1:9/x"}}}, "/types/page"),
            ({"events": {"A": {"schema": {"pattern": "(?=a)b"}}}}, "/events/A/schema/pattern"),
        ):
            refused = (await put(platform, shop, plan, expect=422)).json()
            assert (refused["code"], refused["errors"][0]["pointer"]) == ("plan.invalid", pointer)
        assert (await put(platform, shop, {"mode": "sometimes"}, expect=422)).json()["code"] == "request.invalid"
        assert (await service.call("PUT", "/api/v1/sources/nobody/plan", json=PLAN)).json()["code"] == "sources.unknown"
        assert (await service.call("PUT", path, json=PLAN, scopes=["interactions:write"])).status == 403


async def test_a_plan_is_tried_on_what_is_stored(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop, other = await source(platform), await source(platform)
        await shop.send([track("Product Viewed", {"product_id": str(n), "price": n - 3}) for n in range(10)] + [track("Odd")])
        await other.send([track("Odd") for _ in range(5)])
        await settle(platform)
        answer = await platform["interaction"].call("POST", f"/api/v1/sources/{shop.id}/plan/trials?last=100", json=PLAN, scopes=["interactions:read"])
        tried = answer.json()
        assert (tried["checked"], tried["violating"]) == (11, 4)
        assert [(v["name"], v["keyword"], v["count"], len(v["examples"])) for v in tried["violations"]] == [
            ("Product Viewed", "minimum", 3, 3), ("Odd", "unplanned", 1, 1),
        ]
        last = await platform["interaction"].call("POST", f"/api/v1/sources/{shop.id}/plan/trials?last=1", json=PLAN)
        assert last.json()["checked"] == 1


async def test_a_change_counts_within_a_second_in_another_process(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", run="plans-second") as first, started(cluster, "interaction", log=first.log, run="plans-second", read=False) as second:
        shop = await source(first)
        await put(first, shop, PLAN)
        async with asyncio.timeout(1.0):
            while shop.id not in second["interaction"].service.resources.plans:
                await asyncio.sleep(0.02)
        await put(first, shop, {"mode": "open"})
        async with asyncio.timeout(1.0):
            while second["interaction"].service.resources.plans[shop.id].mode != "open":
                await asyncio.sleep(0.02)
