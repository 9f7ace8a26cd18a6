"""What a consent banner says in an event: refusals become statements with the event as evidence, grants widen nothing, nothing is said twice."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.sources.support import Source, source, track
from tests.integration.interaction.support import settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def said_of(platform: TestPlatform, customer: str) -> dict[tuple[str, str], dict[str, Any]]:
    await settle(platform)
    answer = await platform["consent"].call("GET", f"/api/v1/customers/{customer}/consent")
    assert answer.status == 200, answer.body
    return {(line["purpose"], line["channel"]): line for line in answer.json()["data"]}


async def person(platform: TestPlatform, user: str) -> str:
    answer = await platform["customer"].call("POST", "/api/v1/customers", json={"identities": [f"user:{user}"], "traits": {}})
    await settle(platform)
    return str(answer.json()["id"])


async def banner(shop: Source, user: str, said: dict[str, Any], **more: Any) -> str:
    event = track("Seen", user=user, context={"consent": said}, **more)
    await shop.send([event])
    return str(event["messageId"])


async def test_what_a_banner_refuses_is_a_statement_once_and_what_it_grants_is_none(cluster: PrivateCluster) -> None:
    """C5, R2: `categoryPreferences` by the source's table, Google Consent Mode v2 by the platform's."""
    async with started(cluster, "customer", "consent", "interaction") as platform:
        shop = await source(platform, kind="browser", consent_categories={"advertising": "profiling", "ad_user_data": "analytics"})
        ann, bob, eve = [await person(platform, name) for name in ("ann", "bob", "eve")]

        event = await banner(shop, "ann", {"categoryPreferences": {"advertising": False, "chat": False, "functional": True}})
        lines = await said_of(platform, ann)
        assert set(lines) == {("profiling", "data")}, "a category nobody mapped says nothing"
        line = lines["profiling", "data"]
        assert (line["state"], line["source"]) == ("withdrawn", "signal:category")
        assert (line["evidence"]["id"], line["evidence"]["category"], line["evidence"]["event_source"]) == (event, "advertising", shop.id)

        await banner(shop, "ann", {"categoryPreferences": {"advertising": False}})
        await banner(shop, "ann", {"categoryPreferences": {"advertising": True, "analytics": True}, "ad_storage": "granted"})
        assert await said_of(platform, ann) == lines, "said before, and what is granted in an event widens nothing"

        # bob: two ways of telling the mode; the source's table goes before the platform's, which may be changed
        answer = await platform["consent"].call("PUT", "/api/v1/consents/modes/ad_storage", json={"purposes": ["sharing"]})
        assert answer.status == 200, answer.body
        await banner(shop, "bob", {"consent_mode": {"ad_storage": "denied", "analytics_storage": "granted"}, "ad_user_data": "DENIED"})
        lines = await said_of(platform, bob)
        assert {where: line["source"] for where, line in lines.items()} == {
            ("sharing", "data"): "signal:consent_mode:ad_storage", ("analytics", "data"): "signal:category",
        }

        # what no banner writes is stored like any other context, and says nothing
        for odd in ({"categoryPreferences": ["advertising"]}, {"categoryPreferences": {"advertising": "no"}}, {"ad_storage": {"denied": True}}, {"consent_mode": "denied"}):
            await banner(shop, "eve", odd)
        await shop.send([track("Seen", user="eve", context={"consent": "denied"})])
        assert await said_of(platform, eve) == {}
        async with platform["interaction"].service.read() as db:
            assert await db.fetchval("SELECT count(*) FROM interaction") == 9
        for service in ("interaction", "consent"):
            assert await platform[service].service.database.fetch_value("SELECT count(*) FROM dead_letter") == 0
