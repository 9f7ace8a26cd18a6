"""A merge is shown before it is done; consent stays the stricter; its undoing gives back what was, in each service."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, got, registered
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def state(platform: TestPlatform, customer: str) -> str:
    answer = await platform["consent"].call("GET", f"/api/v1/customers/{customer}/consent")
    found: dict[str, Any] = {one["purpose"]: one for one in answer.json()["purposes"]}
    return str(found["marketing"]["channels"]["email"]["state"])


async def say(platform: TestPlatform, word: str, **who: str) -> None:
    body = {"purpose": "marketing", "source": "form", "channel": "email", **who}
    answer = await platform["consent"].call("POST", f"/api/v1/consents/{word}", json=body)
    assert answer.status in {200, 201}, answer.body
    await platform.drain()


async def recipients(platform: TestPlatform) -> dict[str, Any]:
    async with platform["campaign"].service.read() as db:
        rows = await db.fetch("SELECT customer_id, email, name, traits, merged_into FROM recipient")
    return {str(row["customer_id"]): (row["email"], row["name"], row["traits"], row["merged_into"]) for row in rows}


async def test_the_stricter_consent_holds_and_undoing_gives_back_what_was(cluster: PrivateCluster) -> None:
    """N2 U5: a merge never widens permission; what is said in between belongs to the identity it came under."""
    async with started(cluster, "customer", "consent", "campaign", given={"consent": {"barrier_seconds": 0.3}}) as platform:
        one = await registered(platform, "user:1", email="one@x.example", plan="gold", city="Shiraz")
        two = await registered(platform, "user:2", email="two@x.example", plan="free")
        await platform.drain()
        await say(platform, "withdrawals", customer_id=one)
        await say(platform, "grants", identity="email:two@x.example")
        assert (await state(platform, one), await state(platform, two)) == ("withdrawn", "granted")
        before = await recipients(platform)

        shown = await ask(platform, "POST", "/merges/preview", {"survivor_id": one, "merged_id": two})
        assert shown.status == 200, shown.body
        preview = shown.json()
        assert [(row["trait"], row["wins"], row["because"]) for row in preview["conflicts"]] == [("email", "merged", "time"), ("plan", "merged", "time")]
        assert (preview["customer"]["traits"]["plan"], preview["customer"]["traits"]["city"]) == ("free", "Shiraz")
        assert {row["key"] for row in preview["moving"]["identities"]} == {"user:2", "email:two@x.example"}
        assert preview["warnings"] == ["two_user_ids"]
        assert preview["consent"] == [{"scope": "marketing/email", "survivor": "withdrawn", "merged": "granted", "result": "withdrawn"}]
        assert (await got(platform, f"/customers/{two}"))["id"] == two

        merged = (await ask(platform, "POST", "/merges", {"survivor_id": one, "merged_id": two})).json()
        await platform.drain()
        assert await state(platform, one) == await state(platform, two) == "withdrawn"
        # In between: the second address says yes again, then no; and something new is told of the first.
        await say(platform, "grants", identity="email:two@x.example")
        assert await state(platform, one) == "granted"
        await say(platform, "withdrawals", identity="email:two@x.example")
        added = await ask(platform, "POST", "/customers?upsert=true", {"identities": ["user:1", "ext:crm:9"], "traits": {"city": "Yazd"}})
        assert added.status == 200
        undone = await ask(platform, "POST", f"/merges/{merged['merge_id']}/undo")
        assert undone.status == 200, undone.body
        await platform.drain()
        between = undone.json()["meanwhile"]
        assert between["survivor"] == {"identities": 1, "traits": 1, "merges": 0}
        assert between["restored"] == {"identities": 0, "traits": 0, "merges": 0}
        assert between["messages"].startswith(f"/api/v1/messages?customer_id={one}&customer_id={two}&since=")
        assert undone.json()["sent"] == []
        # What the second address said in between is the second customer's.
        assert (await state(platform, one), await state(platform, two)) == ("withdrawn", "withdrawn")
        await say(platform, "grants", customer_id=one)
        assert (await state(platform, one), await state(platform, two)) == ("granted", "withdrawn")
        after = await recipients(platform)
        assert after[two] == before[two]
        assert after[one][0] == before[one][0]
