"""Who has read and changed what, as the privacy officer sees it (U50, D7, R7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from gateway import commands
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.test_people import person
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def sealed(platform: TestPlatform) -> None:
    service = platform["gateway"].service
    await commands.write_audit(service)
    await commands.seal_audit(service)


async def until(asked: Callable[[], Awaitable[list[dict[str, Any]]]], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        while len(found := await asked()) < count:
            await asyncio.sleep(0.05)
    return found


async def test_reads_changes_and_refusals_of_a_person_are_found(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin = await administrator(platform)
        viewer, officer = await person(platform, admin, "v", "viewer"), await person(platform, admin, "o", "privacy_officer")
        made = await admin.ask("POST", "/api/v1/customers", {"traits": {"email": "sara@shop.example"}})
        customer = made.json()["id"]
        path = f"/api/v1/customers/{customer}"
        other = (await admin.ask("POST", "/api/v1/customers", {"traits": {"email": "reza@shop.example"}})).json()["id"]
        read = await viewer.ask("GET", path)
        await viewer.ask("GET", f"{path}/360")
        assert (await viewer.ask("PATCH", path, {"traits": {"first_name": "x"}})).status == 403
        await viewer.ask("GET", f"/api/v1/customers/{other}")
        assert (await viewer.ask("GET", "/api/v1/audit")).status == 403, "not for everybody"

        async def about() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = (await officer.ask("GET", f"/api/v1/audit?customer_id={customer}")).json()["data"]
            return found

        entries = (await until(about, 4))[::-1]
        assert [(entry["action"], entry["method"], entry["object"], entry["status"]) for entry in entries] == [
            ("change", "POST", "/api/v1/customers", 201), ("read", "GET", "/api/v1/customers/{id}", 200),
            ("read", "GET", "/api/v1/customers/{id}/360", 200), ("refused", "PATCH", "/api/v1/customers/{id}", 403),
        ]
        assert entries[0]["actor"].startswith("key:")
        assert len({entry["actor"] for entry in entries[1:]}) == 1
        assert entries[1]["actor"].startswith("person:")
        assert entries[1]["request_id"] == read.headers["x-request-id"]
        assert (entries[0]["sees"], entries[1]["sees"]) == (["contact", "cards", "sensitive"], [])
        refused = (await officer.ask("GET", "/api/v1/audit?action=refused")).json()["data"]
        assert {entry["object"] for entry in refused} == {"/api/v1/customers/{id}", "/api/v1/audit"}
        mine = (await officer.ask("GET", f"/api/v1/audit?actor={entries[1]['actor']}&limit=2")).json()
        assert len(mine["data"]) == 2
        more = (await officer.ask("GET", f"/api/v1/audit?actor={entries[1]['actor']}&page_token={mine['next_page_token']}")).json()
        assert len(more["data"]) >= 3
        await Visitor(platform, "ecrm_ak_wrong").ask("GET", path)
        await sealed(platform)
        stored = await platform["gateway"].service.database.fetch_value("SELECT string_agg(body, ' ') FROM audit_entry")
        for secret in (customer, "sara", "shop.example"):
            assert secret not in stored
        assert '"actor":"nobody"' in stored


async def test_any_change_of_the_log_is_seen(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin, service = await administrator(platform), platform["gateway"].service
        for number in range(5):
            await admin.ask("POST", "/api/v1/keys", {"name": str(number), "scopes": ["admin"]})
        await sealed(platform)
        await commands.anchor_audit(service)
        await platform.drain()
        await admin.ask("POST", "/api/v1/keys", {"name": "after", "scopes": ["admin"]})
        await sealed(platform)
        whole = (await admin.ask("POST", "/api/v1/audit/verify")).json()
        assert (whole["intact"], whole["anchors"], whole["fault"]) == (True, 1, None)
        assert whole["entries"] >= 6
        async with service.read() as db:
            for statement in ("UPDATE audit_entry SET body = body", "DELETE FROM audit_entry", "TRUNCATE audit_entry", "DELETE FROM audit_anchor"):
                with pytest.raises(asyncpg.PostgresError, match=r"only added|denied"):
                    await db.execute(statement)
        owner = await asyncpg.connect(_owner(service.database.url))
        try:
            async def verdict() -> str:
                found: str = (await admin.ask("POST", "/api/v1/audit/verify")).json()["fault"]
                return found

            await owner.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL")
            kept = await owner.fetchval("SELECT body FROM audit_entry WHERE seq = 2")
            await owner.execute("UPDATE audit_entry SET body = replace(body, '201', '200') WHERE seq = 2")
            assert await verdict() == "entry 2 was changed"
            await owner.execute("UPDATE audit_entry SET body = $1 WHERE seq = 2", kept)
            assert await verdict() is None
            rows = await owner.fetch("DELETE FROM audit_entry WHERE seq = 3 RETURNING seq, body, hash")
            assert await verdict() == "entry 3 is missing"
            await owner.execute("INSERT INTO audit_entry (seq, body, hash) VALUES ($1, $2, $3)", *rows[0])
            assert await verdict() is None
            await owner.execute("DELETE FROM audit_entry WHERE seq >= 3")
            assert "anchored" in await verdict(), "cut short, and the log knows, also when something was written since"
        finally:
            await owner.close()


def _owner(url: str) -> str:
    return url.replace("_app@", "_owner@").replace("_app:", "_owner:")


async def test_bad_input(cluster: PrivateCluster) -> None:
    """Each row of the table in docs/gateway-audit.md."""
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        for query in ("customer_id=sara", "action=looked", "from=yesterday", "from=2026-01-01T00:00:00", "page_token=x", "limit=0"):
            assert (await admin.ask("GET", f"/api/v1/audit?{query}")).status == 422, query
        made = await commands.create_key(platform["gateway"].service, name="r", scopes=["customers:read"], actor="test")
        assert (await Visitor(platform, made.text).ask("GET", "/api/v1/audit")).json()["code"] == "auth.scope_missing"
        assert (await Visitor(platform, made.text).ask("POST", "/api/v1/audit/verify")).status == 403
