"""What browsers are told with every answer, whoever gives it."""

from __future__ import annotations

import pytest

from gateway.api import hardening
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

ANSWERS = (
    ("GET", "/api/v1/customers"), ("GET", "/api/v1/nothing"), ("GET", "/api/v1/me"), ("POST", "/v1/batch"), ("GET", "/docs"), ("GET", "/openapi.json"),
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/nothing"), ("OPTIONS", "/v1/batch"), ("GET", "/u/nobody"), ("TRACE", "/api/v1/customers"),
)


async def test_every_answer_is_hardened(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin = await administrator(platform)
        for visitor in (Visitor(platform), admin):
            for method, path in ANSWERS:
                answer = await visitor.ask(method, path)
                assert answer.status < 504, (method, path)
                assert answer.headers["x-content-type-options"] == "nosniff", (method, path)
                assert answer.headers["referrer-policy"] == "no-referrer", (method, path)
                policy = answer.headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "base-uri 'none'" in policy
                assert "frame-ancestors 'none'" in policy
                assert "strict-transport-security" not in answer.headers, "not over HTTP"
                if path.startswith("/api/v1/"):
                    assert answer.headers["cache-control"] == "no-store", (method, path)
                assert method != "TRACE" or answer.status >= 400


async def test_where_people_come_by_https_they_always_do(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", shared={"public_url": "https://crm.example"}) as platform:
        for path in ("/docs", "/api/v1/me", "/v1/batch"):
            answer = await Visitor(platform).ask("GET", path)
            assert answer.headers["strict-transport-security"] == hardening.YEAR.decode()


async def test_the_one_cookie_is_kept_from_scripts_and_other_sites(cluster: PrivateCluster) -> None:
    for public, name in (("https://crm.example", "__Host-ecrm"), ("http://127.0.0.1:8080", "ecrm-8080")):
        async with started(cluster, "gateway", shared={"public_url": public}) as platform:
            admin = await administrator(platform)
            headers = {"x-ecrm-console": "1", "origin": public, "sec-fetch-site": "same-origin"}
            answer = await admin.ask("POST", "/api/v1/session", headers=headers)
            assert answer.status == 200, answer.body
            told = answer.headers["set-cookie"]
            parts = {part.strip().lower() for part in told.split(";")[1:]}
            assert told.startswith(f"{name}=")
            assert {"httponly", "samesite=strict", "path=/"} <= parts
            assert ("secure" in parts) == public.startswith("https")
            assert not any(part.startswith("domain") for part in parts)
            assert admin.key not in told, "sealed"
            assert admin.key.encode() not in answer.body
