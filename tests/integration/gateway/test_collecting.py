"""Collection as SDKs see it: keys in all their places, settings, browsers, limits; and the events arrive."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import time
from typing import Any

import pytest

from chassis.peers import InProcess
from gateway import commands
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

EVENT = {"type": "track", "userId": "u1", "event": "Seen"}


async def source(platform: TestPlatform, **settings: Any) -> str:
    made = await commands.create_source(platform["gateway"].service, settings={"name": "shop", **settings}, actor="t")
    await platform.drain()
    service = platform["interaction"].service
    for _ in range(100):  # the collector hears of it from the log
        if service.resources.keys.find(made.created.text):
            return made.created.text
        await asyncio.sleep(0.05)
    raise AssertionError("the collector never heard of the key")


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


async def test_keys_in_all_their_places(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "interaction") as platform:
        key, visitor = await source(platform), Visitor(platform)
        off = await source(platform, enabled=False)
        service = platform["gateway"].service
        source_id = service.resources.keys.find(key).source.source_id
        bound = (await commands.create_key(service, name="p", scopes=["collect:write"], actor="t", source_id=source_id)).text
        wrong_scope = (await commands.create_key(service, name="q", scopes=["customers:read"], actor="t", source_id=source_id)).text
        no_colon = {"authorization": "Basic " + base64.b64encode(key.encode()).decode()}
        good: list[tuple[str, dict[str, str], dict[str, Any]]] = [
            ("/v1/track", basic(key), EVENT), ("/v1/t", no_colon, EVENT), ("/v1/track/", basic(key), EVENT),
            ("/v1/track", {"authorization": f"Bearer {bound}"}, EVENT),
            ("/v1/track", {"authorization": "Bearer somebodys-oauth-token"}, {**EVENT, "writeKey": key}),
            ("/api/s/track", {"x-write-key": key}, {**EVENT, "writeKey": "id:***"}), ("/api/s/s2s/track", {"x-write-key": key}, EVENT),
            ("/v1/b", {}, {"batch": [EVENT], "writeKey": key}), ("/v1/import/", {}, {"batch": [EVENT], "writeKey": key}),
            (f"/beacon/v1/batch?writeKey={key}", {}, {"batch": [EVENT]}), ("/v1/track", {}, {**EVENT, "writeKey": key}),
        ]
        await asyncio.sleep(0.6)  # the collector's table follows every half second
        for path, headers, body in good:
            answer = await visitor.ask("POST", path, body, headers=headers)
            assert (answer.status, answer.json().get("accepted")) == (200, 1), (path, answer.body)
            assert answer.headers["x-request-id"]
        bad: list[tuple[str, dict[str, str], dict[str, Any], int, str]] = [
            ("/v1/track", basic("wrong"), {**EVENT, "writeKey": key}, 401, "unknown_key"), ("/v1/track", {}, EVENT, 401, "unknown_key"),
            ("/v1/track", {"authorization": "Basic ####"}, EVENT, 401, "unknown_key"),
            ("/v1/track", {"authorization": "Digest x"}, EVENT, 401, "unknown_key"),
            ("/v1/track", {"authorization": f"Bearer {wrong_scope}"}, EVENT, 401, "unknown_key"),
            ("/v1/track", {"authorization": "Bearer ecrm_ak_gone"}, {**EVENT, "writeKey": key}, 401, "unknown_key"),
            (f"/v1/track?writeKey={key}", {}, EVENT, 401, "unknown_key"), ("/v1/track", basic(off), EVENT, 404, "source_disabled"),
            ("/v1/track", {"x-write-key": "no", **basic(key)}, EVENT, 200, ""),
        ]
        for path, headers, body, status, code in bad:
            answer = await visitor.ask("POST", path, body, headers=headers)
            assert (answer.status, answer.json().get("code", "")) == (status, code), (path, headers, answer.body)
            if status != 200:
                assert answer.json()["message"]
                assert answer.headers["content-type"] == "application/json"
        problem = await visitor.ask("POST", "/v1/events", {}, headers=basic("wrong"))
        assert (problem.status, problem.headers["content-type"]) == (401, "application/problem+json")
        await platform.drain()
        stored = await platform["interaction"].service.database.fetch_value("SELECT count(*) FROM interaction")
        assert stored == len(good) + 1


async def test_bodies_as_sdks_send_them(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "interaction") as platform:
        key, visitor = await source(platform), Visitor(platform)
        zipped = gzip.compress(json.dumps({"batch": [EVENT] * 3}).encode())
        headers = {**basic(key), "content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded"}
        answer = await visitor.ask("POST", "/v1/batch", headers=headers, raw=zipped)
        assert (answer.status, answer.json()["accepted"]) == (200, 3)
        text = await visitor.ask("POST", "/v1/t", headers={**basic(key), "content-type": "text/plain"}, raw=json.dumps(EVENT).encode())
        assert text.status == 200
        large = await visitor.ask("POST", "/v1/batch", headers=basic(key), raw=b" " * (5 * 1024 * 1024 + 1))
        assert (large.status, large.json()["code"]) == (413, "body_too_large")
        for raw, code in ((b"", "body_empty"), (b"{", "invalid_json"), (b"[]", "not_an_object")):
            answer = await visitor.ask("POST", "/v1/batch", headers=basic(key), raw=raw)
            assert (answer.status, answer.json()["code"]) == (400, code)
        metrics = await visitor.ask("POST", "/v1/m", {"series": []})
        assert (metrics.status, metrics.json()) == (200, {"success": True})
        pixel = await visitor.ask("GET", "/pixel/v1/track?writeKey=wrong&anonymousId=a&event=x")
        assert (pixel.status, pixel.headers["content-type"]) == (200, "image/gif")
        assert (await visitor.ask("GET", "/v1/track", headers=basic(key))).status == 405


async def test_settings_of_sdks(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        made = (await admin.ask("POST", "/api/v1/sources", {"name": "shop", "kind": "browser", "origins": ["https://shop.example"]})).json()
        key, visitor = made["key"], Visitor(platform)
        for path in (f"/v1/projects/{key}/settings", f"/v1/projects/{key}/settings/"):
            answer = await visitor.ask("GET", path, headers={"origin": "https://shop.example"})
            assert answer.status == 200
            assert answer.headers["cache-control"] == "public, max-age=60"
            assert answer.headers["access-control-allow-origin"] == "https://shop.example"
            segment = answer.json()["integrations"]["Segment.io"]
            assert segment["apiKey"] == key
            assert segment["apiHost"] == "127.0.0.1:8080/v1", "our own host, without scheme"
        assert (await visitor.ask("GET", "/v1/projects/unknown-key/settings")).status == 404
        for headers, query in ((basic(key), ""), ({}, f"?writeKey={key}&p=web")):
            config = await visitor.ask("GET", f"/sourceConfig/{query}", headers=headers)
            assert config.json()["source"] | {"id": made["id"], "enabled": True, "destinations": []} == config.json()["source"]
        assert (await visitor.ask("GET", "/sourceConfig", headers=basic("wrong"))).status == 401
        await admin.ask("PATCH", f"/api/v1/sources/{made['id']}", {"enabled": False})
        assert (await visitor.ask("GET", f"/v1/projects/{key}/settings")).status == 404


async def test_browsers_of_known_origins(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "interaction") as platform:
        key, visitor = await source(platform, kind="browser", origins=["https://shop.example"]), Visitor(platform)
        asking = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
        preflight = await visitor.ask("OPTIONS", "/v1/t", headers={"origin": "https://shop.example", **asking})
        assert preflight.status == 204
        assert preflight.headers["access-control-allow-origin"] == "https://shop.example"
        assert preflight.headers["access-control-max-age"] == "900"
        assert {"authorization", "content-type", "anonymousid", "x-write-key"} <= set(preflight.headers["access-control-allow-headers"].split(", "))
        refused = await visitor.ask("OPTIONS", "/v1/t", headers={"origin": "https://evil.example", **asking})
        assert not [name for name in refused.headers if name.startswith("access-control")]
        for origin, allowed in (("https://shop.example", True), ("https://evil.example", False)):
            answer = await visitor.ask("POST", "/v1/t", EVENT, headers={"origin": origin, **basic(key)})
            assert answer.status == 200
            assert ("access-control-allow-origin" in answer.headers) is allowed
            assert answer.headers["vary"] == "Origin"
        denied = await visitor.ask("POST", "/v1/t", EVENT, headers={"origin": "https://shop.example", **basic("wrong")})
        assert denied.headers["access-control-allow-origin"] == "https://shop.example", "the page can read that it was refused"
        hook = await visitor.ask("OPTIONS", "/v1/events", headers={"webhook-request-origin": "partner.example"})
        assert hook.headers["webhook-allowed-origin"] == "partner.example"


async def test_rates_and_an_absent_collector(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        made = await commands.create_source(platform["gateway"].service, settings={"name": "s", "rate_per_second": 1}, actor="t")
        visitor, headers = Visitor(platform), basic(made.created.text)
        answers = [await visitor.ask("POST", "/v1/t", EVENT, headers=headers) for _ in range(4)]
        codes = {(answer.status, answer.json()["code"]) for answer in answers}
        assert codes <= {(503, "not_confirmed"), (429, "rate_limited")}
        assert (429, "rate_limited") in codes
        assert (503, "not_confirmed") in codes
        assert all(1 <= int(answer.headers["retry-after"]) <= 10 for answer in answers)


async def test_a_collector_that_hangs_is_not_waited_for(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        made = await commands.create_source(platform["gateway"].service, settings={"name": "s"}, actor="t")

        async def hanging(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(30)

        platform["gateway"].service.peers["collector"]._transport = InProcess(lambda: hanging)
        begin = time.monotonic()
        answer = await Visitor(platform).ask("POST", "/v1/t", EVENT, headers=basic(made.created.text))
        assert (answer.status, answer.json()["code"], answer.json()["success"]) == (503, "not_confirmed", False)
        assert 6 <= time.monotonic() - begin < 8
