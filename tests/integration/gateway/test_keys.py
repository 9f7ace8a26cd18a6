"""Keys and sources from their making to their end (U45)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from chassis.keys import KeyTable, key_hash
from gateway import commands
from gateway.domain import keys
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


async def test_a_key_is_shown_once_and_revoked_everywhere(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        made = await admin.ask("POST", "/api/v1/keys", {"name": "reports", "scopes": ["customers:read"]})
        assert made.status == 201, made.body
        key, key_id = made.json()["key"], made.json()["id"]
        assert key.startswith(f"ecrm_ak_{key_id}_")
        listed = (await admin.ask("GET", "/api/v1/keys")).body.decode()
        assert key_id in listed
        assert key not in listed
        stored = await platform["gateway"].service.database.fetch_value("SELECT string_agg(access_key::text, ' ') FROM access_key")
        assert key_hash(key) in stored
        assert key.split("_")[3] not in stored

        await platform.drain()
        other = KeyTable()
        await other.start(platform.log)
        try:
            assert other.find(key) is not None
            assert (await Visitor(platform, key).ask("GET", "/api/v1/keys")).status == 403, "known, but no administrator"
            assert (await admin.ask("DELETE", f"/api/v1/keys/{key_id}")).status == 204
            assert (await admin.ask("DELETE", f"/api/v1/keys/{key_id}")).status == 204
            assert (await Visitor(platform, key).ask("GET", "/api/v1/keys")).status == 401, "here at once"
            await platform.drain()
            for _ in range(50):
                if other.find(key) is None:
                    break
                await asyncio.sleep(0.1)
            assert other.find(key) is None, "elsewhere within seconds"
        finally:
            await other.close()
        assert (await admin.ask("GET", f"/api/v1/keys/{key_id}")).json()["revoked"] is True
        assert (await admin.ask("DELETE", "/api/v1/keys/none")).status == 404


async def test_keys_end_and_have_known_scopes(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        past = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        ended = (await admin.ask("POST", "/api/v1/keys", {"name": "old", "scopes": ["admin"], "expires_at": past})).json()
        assert (await Visitor(platform, ended["key"]).ask("GET", "/api/v1/keys")).status == 401
        unknown = await admin.ask("POST", "/api/v1/keys", {"name": "x", "scopes": ["everything"]})
        assert (unknown.status, unknown.json()["code"]) == (422, "keys.unknown_scope")
        assert (await admin.ask("POST", "/api/v1/keys", {"name": "x", "scopes": ["admin"], "key": "mine"})).status == 422
        pages, token = [], ""
        for number in range(5):
            await commands.create_key(platform["gateway"].service, name=str(number), scopes=["admin"], actor="test")
        while True:
            page = (await admin.ask("GET", f"/api/v1/keys?limit=3{token}")).json()
            pages.append([key["name"] for key in page["data"]])
            if page["next_page_token"] is None:
                break
            token = f"&page_token={page['next_page_token']}"
        assert pages == [["admin", "old", "0"], ["1", "2", "3"], ["4"]]
        assert (await admin.ask("GET", "/api/v1/keys?page_token=nonsense")).status == 422


async def test_a_source_changes_over_to_its_second_key(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin = await administrator(platform)
        body = {"name": "shop", "kind": "browser", "origins": ["https://shop.example"], "default_currency": "EUR", "rate_per_second": 50}
        made = (await admin.ask("POST", "/api/v1/sources", body)).json()
        table, path = platform["gateway"].service.resources.keys, f"/api/v1/sources/{made['id']}"
        found = table.find(made["key"])
        assert found.source.source_id == made["id"]
        assert (found.source.kind, found.source.default_currency, found.source.rate_per_second) == ("browser", "EUR", 50)
        second = await admin.ask("POST", f"{path}/keys")
        assert second.status == 201
        assert (await admin.ask("POST", f"{path}/keys")).json()["code"] == "sources.too_many_keys"
        assert (await admin.ask("DELETE", f"/api/v1/keys/{made['keys'][0]['id']}")).status == 204
        assert table.find(made["key"]) is None
        assert table.find(second.json()["key"]).source.source_id == made["id"]
        changed = await admin.ask("PATCH", path, {"enabled": False, "default_currency": None})
        assert (changed.json()["enabled"], changed.json()["default_currency"], changed.json()["version"]) == (False, None, 2)
        assert table.source(made["id"]).enabled is False
        assert (await admin.ask("PATCH", path, {"name": None})).status == 422
        assert (await admin.ask("PATCH", path, {"source_id": "x"})).status == 422
        for bad in ({"body.x": "service"}, {"email": "service"}, {"traits.": "service"}, {"connection.port": "service"}, {"traits.email": "Not A Purpose"}):
            assert (await admin.ask("PATCH", path, {"disclosed": bad})).status == 422, bad
        assert (await admin.ask("PATCH", path, {"disclosure": "closed"})).status == 422
        kept = (await admin.ask("PATCH", path, {"disclosure": "strict", "disclosed": {"traits.*": "service", "connection.ip": "service"}})).json()
        assert (kept["disclosure"], kept["disclosed"]) == ("strict", {"traits.*": "service", "connection.ip": "service"})
        assert (await admin.ask("PATCH", f"/api/v1/sources/{uuid4()}", {"enabled": True})).status == 404
        listed = (await admin.ask("GET", "/api/v1/sources")).json()["data"]
        assert [(one["name"], len(one["keys"])) for one in listed] == [("shop", 2)]


async def test_first_keys_are_made_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        service = platform["gateway"].service
        made = await commands.ensure_first_keys(service)
        assert set(made) == {"admin_key", "source_key"}
        assert await commands.ensure_first_keys(service, **made) == made
        assert await service.database.fetch_value("SELECT count(*) FROM access_key") == 2
        by_hand = await commands.ensure_first_keys(service, admin_key="a-long-enough-secret", source_key="12345678")
        assert by_hand == {"admin_key": "a-long-enough-secret", "source_key": "12345678"}
        assert (await Visitor(platform, "a-long-enough-secret").ask("GET", "/api/v1/keys")).status == 200
        assert service.resources.keys.find("12345678").kind == keys.SOURCE
        with pytest.raises(Exception, match=r"keys\.bad_key"):
            await commands.ensure_first_keys(service, admin_key="short", source_key="12345678")
