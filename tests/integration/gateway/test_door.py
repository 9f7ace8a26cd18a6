"""Who comes in, what is taken from them at the door, and what they are told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chassis.identity import Caller
from chassis.ids import new_text_id
from chassis.peers import InProcess
from gateway import commands
from gateway.domain.keys import SCOPES
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

#: Operation -> the scopes that open it.
OPERATIONS = {
    ("GET", "/api/v1/purposes"): {"consent:read", "consent:write"},
    ("POST", "/api/v1/purposes"): {"consent:write"},
    ("POST", "/api/v1/consents/grants"): {"consent:write"},
    ("POST", "/api/v1/consents/withdrawals"): {"consent:write"},
    ("GET", f"/api/v1/customers/{new_text_id()}/consent"): {"consent:read", "consent:write"},
    ("GET", "/api/v1/customers"): {"customers:read", "customers:write"},
    ("POST", "/api/v1/customers"): {"customers:write"},
    ("GET", f"/api/v1/customers/{new_text_id()}/360"): {"customers:read", "customers:write"},
    ("GET", "/api/v1/keys"): set(),
    ("POST", "/api/v1/keys"): set(),
    ("GET", "/api/v1/sources"): set(),
    ("POST", "/api/v1/sources"): set(),
    ("GET", "/api/v1/dead-letters/consent"): set(),
}


async def keys_by_scope(platform: TestPlatform) -> dict[str, str]:
    service = platform["gateway"].service
    return {scope: (await commands.create_key(service, name=scope, scopes=[scope], actor="t")).text for scope in SCOPES}


async def test_each_scope_opens_what_it_names_and_no_more(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer", "consent") as platform:
        visitor, keys = Visitor(platform), await keys_by_scope(platform)
        source = (await commands.create_source(platform["gateway"].service, settings={"name": "s"}, actor="t")).created.text
        for (method, path), scopes in OPERATIONS.items():
            body: dict[str, Any] | None = {} if method == "POST" else None
            assert (await visitor.ask(method, path, body)).status == 401, path
            unknown = await visitor.ask(method, path, body, key="ecrm_ak_unknown")
            assert (unknown.status, unknown.json()["code"]) == (401, "auth.required"), path
            refused = await visitor.ask(method, path, body, key=source)
            assert (refused.status, refused.json()["code"]) == (403, "auth.scope_missing"), path
            for scope, key in keys.items():
                answer = await visitor.ask(method, path, body, key=key)
                if scope in scopes or scope == "admin":
                    assert answer.status in {200, 201, 404, 422}, (scope, method, path, answer.body)
                else:
                    assert (answer.status, answer.json()["code"]) == (403, "auth.scope_missing"), (scope, method, path, answer.body)


async def test_what_a_client_says_of_itself_is_not_believed(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "consent") as platform:
        service = platform["gateway"].service
        key = (await commands.create_key(service, name="reader", scopes=["consent:read"], actor="t")).text
        seen: list[dict[bytes, bytes]] = []
        real = platform["consent"].running.app

        async def listening(scope: Any, receive: Any, send: Any) -> None:
            seen.append(dict(scope["headers"]))
            await real(scope, receive, send)

        service.peers["consent"]._transport = InProcess(lambda: listening)
        forged = platform.tokens.mint("consent", Caller(subject="x", kind="key", scopes=frozenset({"admin"})))
        headers = {
            "x-user-id": "1", "x-source-id": "1", "x-forwarded-for": "6.6.6.6", "x-ecrm-internal": forged, "x-ecrm-client-ip": "6.6.6.6",
            "cookie": "a=b", "x-request-id": "my-request-1", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        }
        answer = await Visitor(platform, key).ask("GET", "/api/v1/purposes", headers=headers)
        assert answer.status == 200
        assert answer.headers["x-request-id"] == "my-request-1"
        got = seen[0]
        assert not {b"x-user-id", b"x-source-id", b"x-forwarded-for", b"x-ecrm-internal", b"cookie"} & set(got)
        assert got[b"x-ecrm-client-ip"] == b"127.0.0.1"
        assert got[b"x-request-id"] == b"my-request-1"
        assert got[b"traceparent"].startswith(b"00-" + b"a" * 32)
        assert not got[b"traceparent"].endswith(b"b" * 16 + b"-01"), "a span of our own"
        assert key.encode() not in got[b"authorization"]
        inside = await Visitor(platform, forged).ask("GET", "/api/v1/purposes")
        assert inside.status == 401, "an internal token opens nothing from outside"
        assert (await Visitor(platform, key).ask("GET", "/api/v1/purposes", headers={"x-request-id": 'bad id"'})).headers["x-request-id"] != 'bad id"'


async def test_unknown_addresses_and_methods(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "consent") as platform:
        admin = await administrator(platform)
        for path in ("/nothing", "/api/v1/nothing", "/permits", "/internal/dead-letters", "/api/v1/dead-letters/nobody"):
            answer = await admin.ask("GET", path)
            assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json"), path
            assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert (await admin.ask("DELETE", "/api/v1/purposes")).status == 405
        for path in ("/api/v1/purposes/", "/api/v1/keys/", "/healthz/"):
            assert (await admin.ask("GET", path)).status == 200, path
        away = await admin.ask("GET", "/api/v1/segments")
        assert (away.status, away.json()["code"]) == (503, "peer.unavailable")
        assert 1 <= int(away.headers["retry-after"]) <= 10


async def test_limits(cluster: PrivateCluster) -> None:
    given = {"gateway": {"api_requests_per_minute": 3, "api_body_mib": 1, "in_flight_requests": 10}}
    async with started(cluster, "gateway", "consent", given=given) as platform:
        admin = await administrator(platform)
        seen = [await admin.ask("GET", "/api/v1/purposes") for _ in range(3)]
        assert [answer.headers["ratelimit"].split(";")[1] for answer in seen] == ["r=2", "r=1", "r=0"]
        assert seen[0].headers["ratelimit-policy"] == '"minute";q=3;w=60'
        over = await admin.ask("GET", "/api/v1/purposes")
        assert (over.status, over.json()["code"]) == (429, "rate.exceeded")
        assert 1 <= int(over.headers["retry-after"]) <= 60

        other = await administrator(platform)
        large = await other.ask("POST", "/api/v1/purposes", raw=b"x" * (1024 * 1024 + 1))
        assert (large.status, large.json()["code"]) == (413, "body.too_large")
        door = platform["gateway"].running.app
        chunks = [{"type": "http.request", "body": b"x" * 400_000, "more_body": True} for _ in range(4)]
        answers: list[Any] = []

        async def receive() -> Any:
            return chunks.pop() if chunks else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            answers.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/api/v1/purposes", "raw_path": b"/api/v1/purposes", "query_string": b"", "client": ("::1", 1),
            "headers": [(b"authorization", f"Bearer {other.key}".encode()), (b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")],
            "http_version": "1.1", "scheme": "http", "root_path": "", "server": ("x", 1),
        }
        await door(scope, receive, send)
        assert answers[0]["status"] == 413, "without a stated length, too"


async def test_a_place_is_kept_for_withdrawals(cluster: PrivateCluster) -> None:
    given: dict[str, dict[str, Any]] = {"gateway": {"in_flight_requests": 10}, "consent": {"barrier_seconds": 0.2}}
    async with started(cluster, "gateway", "consent", given=given) as platform:
        admin, stuck = await administrator(platform), asyncio.Event()
        real = platform["consent"].running.app

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/api/v1/purposes":
                await stuck.wait()
            await real(scope, receive, send)

        platform["gateway"].service.peers["consent"]._transport = InProcess(lambda: slow)
        waiting = [asyncio.create_task(admin.ask("GET", "/api/v1/purposes")) for _ in range(8)]
        await asyncio.sleep(0.2)
        refused = await admin.ask("GET", "/api/v1/purposes")
        assert (refused.status, refused.json()["code"]) == (503, "door.overloaded")
        withdrawal = {"customer_id": new_text_id(), "purpose": "marketing"}
        assert (await admin.ask("POST", "/api/v1/consents/withdrawals", withdrawal)).status == 200
        stuck.set()
        assert [(await one).status for one in waiting] == [200] * 8


async def test_browsers_of_other_origins(cluster: PrivateCluster) -> None:
    given = {"gateway": {"cors_origins": "https://console.example"}}
    async with started(cluster, "gateway", "consent", given=given) as platform:
        admin = await administrator(platform)
        await admin.ask("POST", "/api/v1/sources", {"name": "shop", "kind": "browser", "origins": ["https://shop.example"]})
        await admin.ask("POST", "/api/v1/sources", {"name": "any", "kind": "browser", "origins": ["*"]})
        asking = {"access-control-request-method": "GET", "access-control-request-headers": "authorization"}
        for origin, allowed in (("https://console.example", True), ("https://shop.example", True), ("https://evil.example", False)):
            answer = await admin.ask("OPTIONS", "/api/v1/purposes", key="", headers={"origin": origin, **asking})
            assert answer.status == 204
            assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
            assert "access-control-allow-credentials" not in answer.headers
            got = await admin.ask("GET", "/api/v1/purposes", headers={"origin": origin})
            assert got.headers.get("access-control-allow-origin") == (origin if allowed else None)
            denied = await admin.ask("GET", "/api/v1/purposes", key="wrong", headers={"origin": origin})
            assert denied.status == 401
            assert denied.headers.get("access-control-allow-origin") == (origin if allowed else None), "a page can read the refusal"


async def test_starting_is_not_unknown(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "consent") as platform:
        admin = await administrator(platform)
        await platform["gateway"].service.resources.keys.close()  # else it is loaded again while we ask
        platform["gateway"].service.resources.keys._loaded.clear()
        assert (await admin.ask("GET", "/api/v1/purposes")).status == 503
        assert (await admin.ask("GET", "/readyz")).status == 503
        track = await admin.ask("POST", "/v1/track", {}, headers={"x-write-key": "x"}, key="")
        assert (track.status, track.json()["code"]) == (503, "starting")


async def test_ready_and_described(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer", "consent") as platform:
        visitor = Visitor(platform)
        ready = await visitor.ask("GET", "/readyz")
        assert ready.status == 200
        assert ready.json()["parts"]["consent"] == []
        assert ready.json()["parts"]["campaign"] == ["does not answer"]
        assert (await visitor.ask("GET", "/healthz")).json() == {"status": "alive"}
        assert b"ecrm_http_request_seconds" in (await visitor.ask("GET", "/metrics")).body
        described = (await visitor.ask("GET", "/openapi.json")).json()
        assert {"/api/v1/customers", "/api/v1/consents/withdrawals", "/api/v1/keys", "/v1/batch"} <= set(described["paths"])
        assert not [path for path in described["paths"] if path.startswith(("/permits", "/internal"))]
        docs = await visitor.ask("GET", "/docs")
        assert docs.headers["content-type"].startswith("text/html")
        assert b"src=" not in docs.body
        assert b"//cdn" not in docs.body
        assert (await visitor.ask("GET", "/.well-known/gpc.json")).json()["gpc"] is True
        assert (await visitor.ask("GET", "/.well-known/ecrm-permit-keys.json")).json()["keys"]


async def test_the_whole_view_of_a_customer_with_parts_down(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer", "consent") as platform:
        admin = await administrator(platform)
        made = await admin.ask("POST", "/api/v1/customers", {"identities": ["user:42"], "traits": {"name": "Ada"}})
        assert made.status == 201, made.body
        customer = made.json()["id"]
        view = await admin.ask("GET", f"/api/v1/customers/{customer}/360")
        assert view.status == 200, view.body
        said = view.json()
        assert said["profile"]["id"] == customer
        assert said["consent"]["customer_id"] == customer
        assert {one["part"]: one["reason"] for one in said["missing"]} == dict.fromkeys(
            ("timeline", "orders", "cases", "notes", "scores", "messages"), "unavailable"
        )
        assert (await admin.ask("GET", f"/api/v1/customers/{new_text_id()}/360")).status == 404
        narrow = (await admin.ask("POST", "/api/v1/keys", {"name": "n", "scopes": ["customers:read"]})).json()["key"]
        seen = (await admin.ask("GET", f"/api/v1/customers/{customer}/360", key=narrow)).json()
        assert seen["consent"] is None
        assert {"part": "consent", "reason": "forbidden"} in seen["missing"]
