"""A POST that comes twice is done once; keys change over and say when they were last shown (U45)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway import commands
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


async def test_the_second_gets_the_answer_of_the_first(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "customer") as platform:
        admin = await administrator(platform)
        body, once = {"traits": {"email": "sara@shop.example"}}, {"idempotency-key": "order-1"}
        first = await admin.ask("POST", "/api/v1/customers", body, headers=once)
        second = await admin.ask("POST", "/api/v1/customers", body, headers=once)
        assert (first.status, second.status) == (201, 201)
        assert first.body == second.body
        assert first.headers["location"] == second.headers["location"]
        assert second.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        assert await platform["customer"].service.database.fetch_value("SELECT count(*) FROM customer") == 1
        stored = await platform["gateway"].service.database.fetch_value("SELECT answer FROM repeatable")
        assert b"sara" not in stored

        made = [admin.ask("POST", "/api/v1/keys", {"name": "k", "scopes": ["admin"]}, headers={"idempotency-key": "k1"}) for _ in range(8)]
        answers = await asyncio.gather(*made)
        assert {answer.status for answer in answers} <= {201, 409}
        for answer in answers:
            assert answer.status == 201 or answer.json()["code"] == "idempotency.in_progress"
        again = await admin.ask("POST", "/api/v1/keys", {"name": "k", "scopes": ["admin"]}, headers={"idempotency-key": "k1"})
        assert again.status == 201
        assert len([key for key in (await admin.ask("GET", "/api/v1/keys")).json()["data"] if key["name"] == "k"]) == 1

        other = await admin.ask("POST", "/api/v1/keys", {"name": "other", "scopes": ["admin"]}, headers={"idempotency-key": "k1"})
        assert (other.status, other.json()["code"]) == (422, "idempotency.other_request")
        assert (await admin.ask("POST", "/api/v1/keys", {}, headers={"idempotency-key": "ü"})).json()["code"] == "idempotency.bad_key"
        stranger = Visitor(platform, (await commands.create_key(platform["gateway"].service, name="s", scopes=["admin"], actor="test")).text)
        mine = await stranger.ask("POST", "/api/v1/keys", {"name": "mine", "scopes": ["admin"]}, headers={"idempotency-key": "k1"})
        assert (mine.status, mine.json()["name"]) == (201, "mine"), "keys of others are others"


async def test_what_was_refused_may_be_asked_again(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", given={"gateway": {"api_body_mib": 1}}) as platform:
        admin, once = await administrator(platform), {"idempotency-key": "one"}
        assert (await admin.ask("POST", "/api/v1/keys", {"name": "k", "scopes": ["all"]}, headers=once)).status == 422
        assert (await admin.ask("POST", "/api/v1/keys", {"name": "k", "scopes": ["admin"]}, headers=once)).status == 201
        away = await admin.ask("POST", "/api/v1/customers", {}, headers={"idempotency-key": "two"})
        assert away.status == 503
        assert (await admin.ask("POST", "/api/v1/customers", {}, headers={"idempotency-key": "two"})).status == 503
        large = await admin.ask("POST", "/api/v1/keys", raw=b"x" * (1024 * 1024 + 1), headers={"idempotency-key": "three"})
        assert large.status == 413
        service = platform["gateway"].service
        async with service.transaction() as tx:
            await tx.db.execute("UPDATE repeatable SET answer = NULL, lease_until = $1", datetime.now(UTC) - timedelta(seconds=1))
        again = await admin.ask("POST", "/api/v1/keys", {"name": "k", "scopes": ["admin"]}, headers=once)
        assert (again.status, "idempotency-replayed" in again.headers) == (201, False), "whoever began it is gone"
        async with service.transaction() as tx:
            await tx.db.execute("UPDATE repeatable SET begun_at = $1", datetime.now(UTC) - timedelta(hours=25))
        await commands.forget_answers(service)
        assert await service.database.fetch_value("SELECT count(*) FROM repeatable") == 0


async def test_a_key_changes_over_to_its_successor(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        admin, service = await administrator(platform), platform["gateway"].service
        old = (await admin.ask("POST", "/api/v1/keys", {"name": "n", "scopes": ["admin"]})).json()
        assert old["last_used_at"] is None
        assert (await Visitor(platform, old["key"]).ask("GET", "/api/v1/keys")).status == 200
        await commands.note_key_use(service)
        path = f"/api/v1/keys/{old['id']}"
        used = datetime.fromisoformat((await admin.ask("GET", path)).json()["last_used_at"])
        assert abs(datetime.now(UTC) - used) < timedelta(seconds=30)
        new = await admin.ask("POST", f"{path}/rotate", {"overlap_hours": 1})
        assert (new.status, new.json()["scopes"], new.json()["last_used_at"]) == (201, ["admin"], None)
        for key in (old["key"], new.json()["key"]):
            assert (await Visitor(platform, key).ask("GET", "/api/v1/keys")).status == 200
        ends = datetime.fromisoformat((await admin.ask("GET", path)).json()["expires_at"])
        assert timedelta(minutes=59) < ends - datetime.now(UTC) <= timedelta(hours=1)
        newest = (await admin.ask("POST", f"/api/v1/keys/{new.json()['id']}/rotate", {"overlap_hours": 0})).json()
        assert (await Visitor(platform, new.json()["key"]).ask("GET", "/api/v1/keys")).status == 401
        assert (await Visitor(platform, newest["key"]).ask("GET", "/api/v1/keys")).status == 200
        assert (await admin.ask("POST", f"/api/v1/keys/{new.json()['id']}/rotate", {})).json()["code"] == "keys.not_live"
        assert (await admin.ask("POST", f"{path}/rotate", {"overlap_hours": 73})).status == 422
        assert (await admin.ask("POST", "/api/v1/keys/none/rotate", {})).status == 404
        source = (await admin.ask("POST", "/api/v1/sources", {"name": "shop"})).json()
        second = await admin.ask("POST", f"/api/v1/keys/{source['keys'][0]['id']}/rotate", {})
        assert second.json()["kind"] == "source"
        assert second.json()["key"].startswith("ecrm_wk_")
        assert (await admin.ask("POST", f"/api/v1/keys/{second.json()['id']}/rotate", {})).json()["code"] == "sources.too_many_keys"
