"""Webhooks out, from the subscription to the receiver (U46)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from chassis import calling_out
from contracts.customer import CustomerRegistered, ErasureState
from contracts.gateway import SourceChanged
from gateway import commands
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.receiving import receiver
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

HOUSE = {"private_networks": "127.0.0.0/8"}
CHANGED = "ecrm.gateway.source_changed.v1"


@asynccontextmanager
async def gateway(cluster: PrivateCluster, retries: str = "0.2,0.2") -> AsyncIterator[tuple[TestPlatform, Visitor]]:
    async with started(cluster, "gateway", shared=HOUSE, given={"gateway": {"webhook_retries": retries}}) as platform:
        yield platform, await administrator(platform)


async def tell(platform: TestPlatform, *names: str) -> None:
    """Something happens."""
    service = platform["gateway"].service
    async with service.transaction() as tx:
        for name in names:
            tx.tell(SourceChanged(source_id=name, name=name, kind="server", enabled=True, changed_at=service.clock.now()))
    await platform.drain()


async def subscribe(admin: Visitor, url: str, **given: Any) -> dict[str, Any]:
    made = await admin.ask("POST", "/api/v1/webhooks", {"url": url, "events": [CHANGED], **given})
    assert made.status == 201, made.body
    found: dict[str, Any] = made.json()
    return found


async def settled(admin: Visitor, path: str, state: str, count: int = 1) -> list[dict[str, Any]]:
    async with asyncio.timeout(15):
        while True:
            found: list[dict[str, Any]] = (await admin.ask("GET", f"{path}/deliveries?state={state}")).json()["data"]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


async def test_what_happens_is_told_signed_and_once(cluster: PrivateCluster) -> None:
    async with gateway(cluster) as (platform, admin), receiver() as shop:
        await tell(platform, "before")
        hook = await subscribe(admin, shop.url)
        path = f"/api/v1/webhooks/{hook['id']}"
        assert hook["secret"].startswith("whsec_")
        assert hook["secret"] not in (await admin.ask("GET", path)).body.decode()
        await tell(platform, *(f"source-{number}" for number in range(20)))
        await shop.until(20)
        bodies = [body for _, body in shop.taken]
        assert {body["data"]["source_id"] for body in bodies} == {f"source-{number}" for number in range(20)}
        assert len(set(shop.ids())) == 20
        assert all(headers["webhook-id"] == body["id"] and body["type"] == CHANGED for headers, body in shop.taken)
        assert shop.proved(hook["secret"])
        assert not shop.proved(calling_out.new_secret())
        log = await settled(admin, path, "delivered", 20)
        assert {one["attempts"] for one in log} == {1}
        assert log[0]["tries"][0]["status"] == 204
        content = (await admin.ask("GET", f"{path}/deliveries/{log[0]['id']}")).json()["content"]
        assert content in bodies
        first = (await admin.ask("GET", f"{path}/deliveries?limit=15")).json()
        rest = (await admin.ask("GET", f"{path}/deliveries?limit=15&page_token={first['next_page_token']}")).json()
        assert (len(first["data"]), len(rest["data"]), rest["next_page_token"]) == (15, 5, None)
        sealed = await platform["gateway"].service.database.fetch_value("SELECT secrets FROM webhook")
        assert hook["secret"].encode()[6:] not in sealed


async def test_failures_are_tried_again_and_told_in_the_log(cluster: PrivateCluster) -> None:
    async with gateway(cluster) as (platform, admin), receiver() as shop:
        hook = await subscribe(admin, shop.url)
        path = f"/api/v1/webhooks/{hook['id']}"
        shop.answers = [(500, {}), (302, {"location": "http://127.0.0.1:1/"})]
        await tell(platform, "one")
        delivered = await settled(admin, path, "delivered")
        assert [each["status"] for each in delivered[0]["tries"]] == [500, 302, 204]
        assert len(set(shop.ids())) == 1
        shop.answers = [(503, {"retry-after": "1"}), (500, {}), (500, {})]
        await tell(platform, "two")
        failed = (await settled(admin, path, "failed"))[0]
        assert [each["status"] for each in failed["tries"]] == [503, 500, 500]
        waited = datetime.fromisoformat(failed["tries"][1]["at"]) - datetime.fromisoformat(failed["tries"][0]["at"])
        assert waited >= timedelta(seconds=1), "as it was asked to"
        resent = await admin.ask("POST", f"{path}/deliveries/{failed['id']}/resend")
        assert (resent.status, resent.json()["state"]) == (202, "waiting")
        await settled(admin, path, "delivered", 2)
        assert len(set(shop.ids())) == 2
        assert (await admin.ask("GET", path)).json()["failing_since"] is None
        await platform["gateway"].service.database.fetch_value("UPDATE webhook_delivery SET payload = NULL RETURNING id")  # as after seven days
        gone = await admin.ask("POST", f"{path}/deliveries/{failed['id']}/resend")
        assert (gone.status, gone.json()["code"]) == (410, "webhooks.payload_gone")


async def test_gone_is_gone_and_comes_back_when_asked(cluster: PrivateCluster) -> None:
    async with gateway(cluster) as (platform, admin), receiver() as shop:
        hook = await subscribe(admin, shop.url)
        path = f"/api/v1/webhooks/{hook['id']}"
        shop.answers = [(410, {})]
        await tell(platform, "one")
        await settled(admin, path, "failed")
        found = (await admin.ask("GET", path)).json()
        assert (found["state"], found["reason"]) == ("disabled", "gone")
        await tell(platform, "two")
        began = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        assert (await admin.ask("PATCH", path, {"state": "active"})).json()["reason"] is None
        asked = await admin.ask("POST", f"{path}/replays", {"from": began, "to": datetime.now(UTC).isoformat()})
        assert asked.status == 202
        await shop.until(3)
        operation = asked.headers["operation-location"]
        async with asyncio.timeout(10):
            while (found := (await admin.ask("GET", operation)).json())["state"] != "done":
                await asyncio.sleep(0.05)
        assert found["result"]["planned"] == 2
        assert shop.taken[0][1]["data"]["source_id"] == "one"
        assert {body["data"]["source_id"] for _, body in shop.taken} == {"one", "two"}
        assert len(set(shop.ids())) == 2, "under the same ids"


async def test_paused_keeps_what_comes_and_a_slow_one_delays_nobody(cluster: PrivateCluster) -> None:
    async with gateway(cluster) as (platform, admin), receiver() as slow, receiver() as quick:
        slow.slow = 3
        await subscribe(admin, slow.url)
        hook = await subscribe(admin, quick.url)
        path = f"/api/v1/webhooks/{hook['id']}"
        await tell(platform, "one")
        await quick.until(1, seconds=2.5)
        assert (await admin.ask("PATCH", path, {"state": "paused"})).json()["state"] == "paused"
        await tell(platform, "two")
        assert len(await settled(admin, path, "waiting")) == 1
        assert len(quick.taken) == 1
        await admin.ask("PATCH", path, {"state": "active"})
        await quick.until(2)


async def test_filters_and_personal_data(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer", shared=HOUSE) as platform, receiver() as shop, receiver() as house:
        admin = await administrator(platform)
        await subscribe(admin, shop.url, events=["ecrm.customer.*"])
        await subscribe(admin, house.url, events=["*"], personal=True)
        made = await admin.ask("POST", "/api/v1/customers", {"traits": {"email": "sara@shop.example", "first_name": "Sara"}})
        assert made.status == 201, made.body
        async with asyncio.timeout(15):
            while not (shop.ids("ecrm.customer.updated.v1") and house.ids("ecrm.customer.updated.v1")):
                await asyncio.sleep(0.05)
        assert b"sara@shop.example" not in b"".join(shop.raw)
        assert b"Sara" in b"".join(house.raw)
        assert set(shop.ids()) <= set(house.ids())
        only = await subscribe(admin, shop.url, sources=["source-a"])
        await tell(platform, "source-a", "source-b")
        log = await settled(admin, f"/api/v1/webhooks/{only['id']}", "delivered")
        assert len(log) == 1
        weak = await commands.create_key(platform["gateway"].service, name="hooks", scopes=["webhooks:write"], actor="test")
        visitor = Visitor(platform, weak.text)
        asked = await visitor.ask("POST", "/api/v1/webhooks", {"url": shop.url, "events": ["*"], "personal": True})
        assert (asked.status, asked.json()["code"]) == (403, "webhooks.personal_forbidden")
        assert (await visitor.ask("POST", "/api/v1/webhooks", {"url": shop.url, "events": ["*"]})).status == 201


async def test_nothing_of_an_erased_person_is_delivered(cluster: PrivateCluster) -> None:
    async with gateway(cluster) as (platform, admin), receiver() as shop:
        hook = await subscribe(admin, shop.url, events=["ecrm.customer.*"])
        path, service, person = f"/api/v1/webhooks/{hook['id']}", platform["gateway"].service, str(uuid4())
        await admin.ask("PATCH", path, {"state": "paused"})
        async with service.transaction() as tx:
            tx.tell(CustomerRegistered(customer_id=person, registered_at=service.clock.now(), source="test"))
        await platform.drain()
        waiting = (await settled(admin, path, "waiting"))[0]
        async with service.transaction() as tx:
            tx.tell(ErasureState(request_id="r", customer_ids=[person], identities=[], erased_at=service.clock.now()))
        await platform.drain()
        found = (await admin.ask("GET", f"{path}/deliveries/{waiting['id']}")).json()
        assert (found["state"], found["content"]) == ("erased", None)
        assert (await admin.ask("POST", f"{path}/deliveries/{waiting['id']}/resend")).status == 410
        await admin.ask("PATCH", path, {"state": "active"})
        began = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
        asked = await admin.ask("POST", f"{path}/replays", {"from": began, "to": datetime.now(UTC).isoformat()})
        async with asyncio.timeout(10):
            while (await admin.ask("GET", asked.headers["location"])).json()["state"] != "done":
                await asyncio.sleep(0.05)
        assert shop.taken == []


async def test_secrets_change_with_an_overlap(cluster: PrivateCluster) -> None:
    async with gateway(cluster) as (platform, admin), receiver() as shop:
        hook = await subscribe(admin, shop.url)
        path = f"/api/v1/webhooks/{hook['id']}"
        new = (await admin.ask("POST", f"{path}/secret", {"overlap_hours": 1})).json()["secret"]
        await tell(platform, "one")
        await shop.until(1)
        assert shop.proved(hook["secret"], new)
        shop.taken.clear()
        shop.raw.clear()
        newest = (await admin.ask("POST", f"{path}/secret", {"overlap_hours": 0})).json()["secret"]
        tested = await admin.ask("POST", f"{path}/test")
        assert (tested.json()["delivered"], tested.json()["status"]) == (True, 204)
        assert shop.proved(newest)
        assert not shop.proved(new)
        assert shop.taken[0][1]["type"] == "ecrm.webhook.test.v1"
        shop.answers = [(500, {})]
        assert (await admin.ask("POST", f"{path}/test")).json()["delivered"] is False


async def test_bad_input(cluster: PrivateCluster) -> None:
    """Each row of the table in docs/gateway-webhooks.md."""
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        for url in ("http://shop.example/hook", "https://127.0.0.1/hook", "https://[::1]/", "https://10.0.0.8/", "https://shop.example:22/", "https://u:p@shop.example/", "shop"):
            asked = await admin.ask("POST", "/api/v1/webhooks", {"url": url, "events": ["*"]})
            assert (asked.status, asked.json()["code"]) == (422, "url.not_allowed"), url
        good = {"url": "https://shop.example/hook", "events": ["ecrm.customer.*"]}
        asked = await admin.ask("POST", "/api/v1/webhooks", {**good, "events": ["ecrm.weather.*"]})
        assert (asked.status, asked.json()["code"]) == (422, "webhooks.unknown_event")
        wrongs: list[dict[str, Any]] = [{"events": []}, {"secret": "mine"}, {"events": ["Ä"]}, {"url": ""}, {"sources": [""]}]
        for wrong in wrongs:
            assert (await admin.ask("POST", "/api/v1/webhooks", {**good, **wrong})).json()["code"] == "request.invalid", wrong
        path = f"/api/v1/webhooks/{(await admin.ask('POST', '/api/v1/webhooks', good)).json()['id']}"
        assert (await admin.ask("PATCH", path, {"url": None})).json()["code"] == "webhooks.not_null"
        assert (await admin.ask("PATCH", path, {"state": "disabled"})).status == 422
        assert (await admin.ask("POST", f"{path}/secret", {"overlap_hours": 73})).status == 422
        now = datetime.now(UTC).isoformat()
        assert (await admin.ask("POST", f"{path}/replays", {"from": now, "to": now})).json()["code"] == "webhooks.bad_range"
        assert (await admin.ask("POST", f"{path}/replays", {"from": "2026-01-01T00:00:00", "to": now})).status == 422
        assert (await admin.ask("GET", f"{path}/deliveries/{uuid4()}")).json()["code"] == "webhooks.delivery_unknown"
        assert (await admin.ask("GET", f"{path}/replays/{uuid4()}")).json()["code"] == "webhooks.replay_unknown"
        for method, rest in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries")):
            asked = await admin.ask(method, f"/api/v1/webhooks/{uuid4()}{rest}", {} if method == "PATCH" else None)
            assert (asked.status, asked.json()["code"]) == (404, "webhooks.unknown"), method
        reader = await commands.create_key(platform["gateway"].service, name="r", scopes=["webhooks:read"], actor="test")
        assert (await Visitor(platform, reader.text).ask("GET", path)).status == 200
        assert (await Visitor(platform, reader.text).ask("DELETE", path)).status == 403
        assert (await Visitor(platform, reader.text).ask("GET", "/api/v1/webhooks/event-types")).json()["data"][0]["type"].startswith("ecrm.")
        assert (await admin.ask("DELETE", path)).status == 204
