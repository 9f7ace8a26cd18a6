"""Long work, whichever service does it, is found in one place by whoever began it."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from gateway import commands
from gateway.domain import operations
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def with_scopes(platform: TestPlatform, *scopes: str) -> Visitor:
    made = await commands.create_key(platform["gateway"].service, name="some", scopes=list(scopes), actor="test")
    return Visitor(platform, made.text)


async def until_done(visitor: Visitor, address: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            found: dict[str, Any] = (await visitor.ask("GET", address)).json()
            if found["state"] != operations.RUNNING:
                return found
            await asyncio.sleep(0.05)


async def test_from_the_beginning_to_the_end(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin = await administrator(platform)
        partner = await with_scopes(platform, "customers:read", "customers:write")
        stranger = await with_scopes(platform, "customers:read")
        asked = await partner.ask("POST", "/api/v1/exports", {"format": "csv"})
        assert asked.status == 202
        address = asked.headers["operation-location"]
        found = await until_done(partner, address)
        assert (found["state"], found["progress"], found["asked"]) == ("done", 1.0, "POST /api/v1/exports")
        assert found["resource"] == asked.headers["location"]
        assert found["result"]["state"] == "done"
        assert found["request_id"] == asked.headers["x-request-id"]
        assert (await stranger.ask("GET", address)).json()["code"] == "operations.unknown"
        assert (await stranger.ask("GET", "/api/v1/operations")).json()["data"] == []
        assert [one["id"] for one in (await admin.ask("GET", "/api/v1/operations")).json()["data"]] == [found["id"]]
        assert (await admin.ask("GET", address)).json()["asked_by"] == found["asked_by"]

        imported = await partner.ask(
            "POST", "/api/v1/imports/file?name=some", headers={"content-type": "text/csv"}, raw=b"user_id,email\nu1,u1@shop.example\n"
        )
        assert (await until_done(partner, imported.headers["operation-location"]))["result"]["created"] == 1
        undone = await partner.ask("POST", f"{imported.headers['location']}/undo")
        assert (await until_done(partner, undone.headers["operation-location"]))["result"]["state"] == "undone"
        page = (await partner.ask("GET", "/api/v1/operations?limit=2")).json()
        rest = (await partner.ask("GET", f"/api/v1/operations?limit=2&page_token={page['next_page_token']}")).json()
        assert [one["asked"] for one in [*page["data"], *rest["data"]]] == [
            f"POST {imported.headers['location']}/undo", "POST /api/v1/imports/file", "POST /api/v1/exports",
        ]
        assert rest["next_page_token"] is None
        assert "operation-location" not in (await partner.ask("GET", "/api/v1/exports")).headers


async def test_an_owner_that_is_away_is_named(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        made = await commands.note_operation(
            platform["gateway"].service, owner="customer", asked="POST /api/v1/exports", resource="/api/v1/exports/1", asked_by="k", request_id="r"
        )
        found = (await admin.ask("GET", f"/api/v1/operations/{made}")).json()
        assert (found["state"], found["progress"], found["result"], found["missing"]) == (None, None, None, "unavailable")
        unknown = await admin.ask("GET", f"/api/v1/operations/{uuid.uuid4()}")
        assert (unknown.status, unknown.json()["code"]) == (404, "operations.unknown")
        assert (await admin.ask("GET", "/api/v1/operations/nonsense")).status == 422
        assert (await Visitor(platform).ask("GET", f"/api/v1/operations/{made}")).status == 401
