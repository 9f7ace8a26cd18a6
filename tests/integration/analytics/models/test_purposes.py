"""N9: a model fitted for a purpose learns from and scores those who allow it, and a withdrawal takes the score within the stated time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.models import market
from tests.integration.analytics.story import ask
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

#: docs/privacy.md says so.
STATED_SECONDS = 10.0
BOUND = {"purpose": "marketing", "channel": "email"}


async def post(platform: TestPlatform, service: str, path: str, body: Any, status: int) -> Any:
    answer = await platform[service].call("POST", f"/api/v1/{path}", json=body)
    assert answer.status == status, answer.body
    return answer.json()


async def score_of(platform: TestPlatform, customer: str) -> str | None:
    found = await ask(platform, "GET", f"/customers/{customer}/scores")
    return next((one["value"] for one in found["data"] if one["score"] == "cluster"), None)


async def test_clusters_for_a_purpose(cluster: PrivateCluster) -> None:
    """N9"""
    async with started(cluster, "customer", "consent", "analytics", given={"consent": {"barrier_seconds": 0.3}}) as platform:
        people = [
            (await post(platform, "customer", "customers", {"identities": [f"user:n{number}"], "traits": {"spends": number % 2 * 100 + number, "visits": number % 2 * 50 + number % 7}}, 201))["id"]
            for number in range(60)
        ]
        allowing, others = people[:40], people[40:]
        said = [{"customer_id": one, "source": "form", **BOUND} for one in allowing]
        await post(platform, "consent", "consents/grants", said, 201)
        await platform.drain()
        options: dict[str, Any] = {"attributes": ["trait:spends", "trait:visits"], "clusters": 2, "replace": "always"}

        everybody = await market.fitted(platform, "clusters", options)
        assert (everybody["state"], everybody["data"]["customers"], everybody["scored"]) == ("done", 60, 60)
        bound = await market.fitted(platform, "clusters", {**options, **BOUND})
        assert (bound["state"], bound["data"]["customers"], bound["scored"]) == ("done", 40, 40), bound["error"]
        assert bound["options"]["purpose"]["purpose"] == "marketing"
        assert [await score_of(platform, one) is not None for one in (allowing[0], others[0])] == [True, False], "others lost what an earlier model said"

        await post(platform, "consent", "consents/withdrawals", {"customer_id": allowing[0], **BOUND}, 200)
        async with asyncio.timeout(5 * STATED_SECONDS):
            while await score_of(platform, allowing[0]) is not None:
                await asyncio.sleep(0.1)
        assert await score_of(platform, allowing[1]) is not None
        again = await market.fitted(platform, "clusters", {**options, **BOUND})
        assert (again["data"]["customers"], again["scored"]) == (39, 39), "nor does the next fit learn from who withdrew"

        for bad in ({"purpose": "nonsense"}, {"purpose": "marketing", "channel": "pigeon"}, {"channel": "email"}):
            refused = await ask(platform, "POST", "/models/clusters/fits", {**options, **bad}, status=422)
            assert refused["code"] == "analytics.bad_purpose", bad
