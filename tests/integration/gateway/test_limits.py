"""Quotas, lanes and what is always let in (U45)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chassis.ids import new_text_id
from chassis.peers import InProcess
from contracts import links
from gateway import commands
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.test_collecting import EVENT, basic, source
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

WITHDRAWAL = {"purpose": "marketing"}


async def test_quotas_of_a_day(cluster: PrivateCluster) -> None:
    given: dict[str, dict[str, Any]] = {"consent": {"barrier_seconds": 0.2}}
    async with started(cluster, "gateway", "interaction", "consent", given=given) as platform:
        admin, service = await administrator(platform), platform["gateway"].service
        made = (await admin.ask("POST", "/api/v1/keys", {"name": "partner", "scopes": ["consent:write"], "requests_per_day": 3})).json()
        assert (made["requests_per_day"], made["events_per_day"]) == (3, 0)
        partner, path = Visitor(platform, made["key"]), f"/api/v1/keys/{made['id']}"
        seen = [await partner.ask("GET", "/api/v1/purposes") for _ in range(3)]
        assert [answer.status for answer in seen] == [200] * 3
        assert [answer.headers["ratelimit"].split(", ")[1].split(";")[1] for answer in seen] == ["r=2", "r=1", "r=0"]
        assert seen[0].headers["ratelimit-policy"].endswith(', "day";q=3;w=86400')
        over = await partner.ask("GET", "/api/v1/purposes")
        assert (over.status, over.json()["code"], over.headers["content-type"]) == (429, "quota.exceeded", "application/problem+json")
        assert 1 <= int(over.headers["retry-after"]) <= 86_400
        withdrawn = await partner.ask("POST", "/api/v1/consents/withdrawals", {"customer_id": new_text_id(), **WITHDRAWAL})
        assert withdrawn.status == 200, "a withdrawal is let in whatever the quota says"
        assert (await partner.ask("GET", "/api/v1/purposes")).status == 429

        usage = (await admin.ask("GET", f"{path}/usage")).json()
        assert (usage["requests_per_day"], usage["requests_left"], usage["events_left"]) == (3, 0, None)
        assert usage["days"][0]["requests"] == 4
        assert usage["resets_at"].endswith("Z")
        await commands.write_usage(service)
        assert (await admin.ask("GET", f"{path}/usage")).json()["days"] == usage["days"], "written or not, it is the same"
        other = commands.Usage(service.clock)
        await commands.fill_usage(service, other)
        assert other.used(made["id"]).requests == 4, "a gateway that is started knows what was done before"
        other.count(made["id"], requests=5)
        real, service.resources.usage = service.resources.usage, other
        await commands.write_usage(service)
        service.resources.usage = real
        real.count(made["id"], requests=1)
        await commands.write_usage(service)
        assert real.used(made["id"]).requests == 10, "and what others count is known after the next writing"

        raised = await admin.ask("PATCH", path, {"requests_per_day": 100, "name": "Partner"})
        assert (raised.status, raised.json()["requests_per_day"], raised.json()["name"]) == (200, 100, "Partner")
        assert (await partner.ask("GET", "/api/v1/purposes")).status == 200
        assert (await admin.ask("PATCH", path, {"requests_per_day": 0})).json()["requests_per_day"] == 0
        assert '"day"' not in (await partner.ask("GET", "/api/v1/purposes")).headers["ratelimit"]
        for bad, code in (({"requests_per_day": -1}, "request.invalid"), ({"events_per_day": None}, "keys.not_null"), ({"scopes": []}, "request.invalid")):
            refused = await admin.ask("PATCH", path, bad)
            assert (refused.status, refused.json()["code"]) == (422, code), bad
        assert (await admin.ask("PATCH", "/api/v1/keys/none", {"name": "x"})).status == 404
        assert (await admin.ask("GET", "/api/v1/keys/none/usage")).status == 404
        assert (await partner.ask("PATCH", path, {"requests_per_day": 5})).status == 403

        shop = await source(platform)
        shop_id = service.resources.keys.find(shop).key_id
        assert (await admin.ask("PATCH", f"/api/v1/keys/{shop_id}", {"events_per_day": 3})).status == 200
        assert service.resources.keys.find(shop).source.name == "shop", "what the key opens stays"
        await asyncio.sleep(0.6)  # the collector's table follows every half second
        visitor = Visitor(platform)
        assert (await visitor.ask("POST", "/v1/batch", {"batch": [EVENT] * 2}, headers=basic(shop))).json()["accepted"] == 2
        assert (await visitor.ask("POST", "/v1/track", {**EVENT, "writeKey": shop})).json()["accepted"] == 1, "also where only the body names the key"
        for sent, headers in (({"batch": [EVENT]}, basic(shop)), ({"batch": [EVENT], "writeKey": shop}, {})):
            spent = await visitor.ask("POST", "/v1/batch", sent, headers=headers)
            assert (spent.status, spent.json()["code"], spent.json()["success"]) == (429, "quota_exceeded", False)
            assert 1 <= int(spent.headers["retry-after"]) <= 86_400
        today = (await admin.ask("GET", f"/api/v1/keys/{shop_id}/usage")).json()
        assert (today["events_left"], today["days"][0]["events"], today["days"][0]["requests"]) == (0, 3, 2)


async def test_one_service_that_hangs_leaves_room_for_the_others(cluster: PrivateCluster) -> None:
    given: dict[str, dict[str, Any]] = {"gateway": {"in_flight_requests": 20}}
    async with started(cluster, "gateway", "customer", "consent", given=given) as platform:
        admin, stuck = await administrator(platform), asyncio.Event()
        real = platform["consent"].running.app
        read: list[Any] = []

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/api/v1/purposes":
                await stuck.wait()
            await real(scope, receive, send)

        platform["gateway"].service.peers["consent"]._transport = InProcess(lambda: slow)
        waiting = [asyncio.create_task(admin.ask("GET", "/api/v1/purposes")) for _ in range(10)]
        await asyncio.sleep(0.2)
        door, answers = platform["gateway"].running.app, []

        async def receive() -> Any:
            read.append(1)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            answers.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/api/v1/purposes", "raw_path": b"/api/v1/purposes", "query_string": b"", "client": ("::1", 1),
            "headers": [(b"authorization", f"Bearer {admin.key}".encode()), (b"content-length", b"100")], "http_version": "1.1", "scheme": "http",
            "root_path": "", "server": ("x", 1),
        }
        await door(scope, receive, send)
        said = dict(answers[0]["headers"])
        assert (answers[0]["status"], said[b"content-type"]) == (503, b"application/problem+json")
        assert 1 <= int(said[b"retry-after"]) <= 10
        assert not read, "refused before the body was read"
        assert (await admin.ask("GET", "/api/v1/customers")).status == 200, "the others have room"
        token = links.seal(platform["consent"].service.link_secret, links.UNSUBSCRIBE, [new_text_id(), "email", "marketing", "m"])
        form = {"content-type": "application/x-www-form-urlencoded"}
        gone = await admin.ask("POST", f"/u/{token}", key="", headers=form, raw=b"List-Unsubscribe=One-Click")
        assert gone.status == 200, "unsubscribing is let in"
        request = await admin.ask("GET", "/api/v1/privacy/requests")
        assert request.status == 200, "requests about data, too"
        stuck.set()
        assert [(await one).status for one in waiting] == [200] * 10
