"""R1, R2: a source that asks for a purpose keeps nothing of somebody until they grant it, and nothing again from the withdrawal on."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.sources.support import source, track
from tests.integration.interaction.support import published, settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def ask(platform: TestPlatform, name: str, path: str, body: dict[str, Any], status: int) -> Any:
    answer = await platform[name].call("POST", f"/api/v1/{path}", json=body)
    assert answer.status == status, answer.json()
    return answer.json()


async def test_collected_only_while_it_is_granted(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", "consent", "interaction") as platform:
        shop = await source(platform, kind="browser", require_consent="analytics")
        ann = (await ask(platform, "customer", "customers", {"identities": ["user:ann"], "traits": {}}, 201))["id"]
        await settle(platform)

        async def seen(name: str) -> None:
            await shop.send([track(name, user="ann"), track(name, user="stranger")])
            await settle(platform)

        await seen("Before")
        said = {"customer_id": ann, "purpose": "analytics", "channel": "data", "source": "form", "evidence": {}}
        await ask(platform, "consent", "consents/grants", said, 201)
        await settle(platform)
        await seen("Granted")
        await ask(platform, "consent", "consents/withdrawals", {name: said[name] for name in ("customer_id", "purpose", "channel", "source")}, 200)
        await settle(platform)
        await seen("Withdrawn")
        assert [fact.name for fact in await published(platform.log)] == ["Granted"]
        async with platform["interaction"].service.read() as db:
            kept = await db.fetch("SELECT name FROM event_name WHERE source = $1", shop.id)
            counted = [tuple(row) for row in await db.fetch("SELECT sum(stored), sum(dropped) FROM intake WHERE source = $1", shop.id)]
            assert await db.fetchval("SELECT count(*) FROM interaction") == 1
            assert await db.fetchval("SELECT count(*) FROM quarantine") == await db.fetchval("SELECT count(*) FROM dead_letter") == 0
            assert await db.fetchval("SELECT count(*) FROM visit") == 1
        assert counted == [(1, 5)]
        assert [row["name"] for row in kept] == ["Granted"]
